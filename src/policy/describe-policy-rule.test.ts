import { expect, test } from '@jest/globals';
import { EVERY_REQUEST, type PolicyRule } from './audit-policy.ts';
import { describePolicyRule } from './describe-policy-rule.ts';

for (const [rule, text] of [
  [{}, 'every request'],
  [{ verbs: ['get', 'list'] }, 'get, list of anything'],
  [
    {
      verbs: ['create'],
      resources: [
        { group: '', resources: ['pods', 'pods/*', 'nodes/*'], resourceNames: [] },
        { group: 'apps', resources: [], resourceNames: [] },
        { group: '*', resources: ['leases'], resourceNames: ['a', 'b'] },
      ],
      namespaces: ['ci', ''],
    },
    'create of pods, nodes/*; all resources (apps); leases (any group) named a, b in namespace ci, (none)',
  ],
  [
    { nonResourceURLs: ['/healthz*'], users: ['system:anonymous'], userGroups: ['system:unauthenticated'] },
    'every request of paths /healthz* by system:anonymous by members of system:unauthenticated',
  ],
] as const satisfies readonly (readonly [Partial<PolicyRule>, string])[]) {
  test(text, () => {
    expect(describePolicyRule({ ...EVERY_REQUEST, level: 'Metadata', ...rule })).toBe(text);
  });
}
