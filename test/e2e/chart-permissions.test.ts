/** Holds the chart's roles and the list of rights in the code, which doctor checks, to each other. */
import { expect, test } from '@jest/globals';
import { kubernetesOptionsSchema } from '../../src/kubernetes/options.ts';
import { permissionName, requiredPermissions } from '../../src/kubernetes/permissions.ts';
import { type Manifest, renderChart } from '../support/chart.ts';

interface Role extends Manifest {
  readonly rules: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

async function granted(...args: readonly string[]): Promise<readonly string[]> {
  const manifests = await renderChart(...args);
  return ['ClusterRole', 'Role'].flatMap((kind) => grantedBy(manifests, kind)).sort();
}

function grantedBy(manifests: readonly Manifest[], kindOfRole: string): readonly string[] {
  const role = manifests.find(({ kind, metadata }) => kind === kindOfRole && metadata.name === 'firstseen') as Role;
  const where = kindOfRole === 'Role' ? ({ ownNamespace: true } as const) : {};
  return role.rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((name) => {
        const [resource = '', subresource] = name.split('/');
        const what = { group, resource, need: '', ...where, ...(subresource === undefined ? {} : { subresource }) };
        return verbs.map((verb) => permissionName({ verb, ...what }));
      }),
    ),
  );
}

function needed(events: object = {}): readonly string[] {
  return requiredPermissions(kubernetesOptionsSchema.parse({ events })).map(permissionName).sort();
}

test('the chart grants what the code needs, and nothing else', async () => {
  expect(await granted()).toEqual(needed());
});

test('also where labels of namespaces are not followed', async () => {
  const options = kubernetesOptionsSchema.parse({ namespaceLabels: { enabled: false } });
  expect(await granted('--set', 'config.kubernetes.namespaceLabels.enabled=false')).toEqual(
    requiredPermissions(options).map(permissionName).sort(),
  );
});

test('also where objects are not looked up', async () => {
  expect(await granted('--set', 'eventTargets.lookup=false')).toEqual(needed({ lookUp: false }));
});
