import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { OBJECT_KINDS } from './object-kinds.ts';

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

test('looks up exactly the kinds that the chart grants, without Secrets and ConfigMaps', () => {
  const file = new URL('../../helm/firstseen/templates/clusterrole.yaml', import.meta.url);
  const role =
    readFileSync(file, 'utf8')
      .replace(/^.*\{\{.*$/gm, '')
      .split('\n---')[0] ?? '';
  const rules: readonly PolicyRule[] = parse(role).rules;
  const granted = rules
    .filter(({ apiGroups, verbs }) => verbs.join() === 'get' && !apiGroups.includes('firstseen.dev'))
    .flatMap(({ apiGroups, resources }) => apiGroups.flatMap((group) => resources.map((name) => `${name}.${group}`)));
  const lookedUp = [...OBJECT_KINDS].filter(([, { lookUp }]) => lookUp).map(([name]) => name);
  expect(lookedUp.sort()).toEqual(granted.sort());
  expect(lookedUp).not.toContain('secrets.');
  expect(lookedUp).not.toContain('configmaps.');
});
