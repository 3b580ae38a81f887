/**
 * Renders the chart into manifests for those who use no Helm. Certificates and keys are never among them: they are asked for
 * in a Secret of one's own.
 *
 *   node deploy/generate-manifests.ts            writes deploy/*.yaml
 *   node deploy/generate-manifests.ts --check    writes nothing; names each file that is stale, and ends with 1 if there is one
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Document, isMap, parseAllDocuments } from 'yaml';
import { helm } from '../test/support/chart.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = join(ROOT, 'helm', 'firstseen');
const MARK = '# Made by `npx node deploy/generate-manifests.ts` from the chart. Edit the chart, not this file.';
const DEFINITIONS = ['CustomResourceDefinition'];

interface Output {
  readonly file: string;
  readonly about: readonly string[];
  readonly values: readonly string[];
  readonly wants: (kind: string) => boolean;
  /** The level of Pod Security that its pods need. */
  readonly podSecurity?: string;
}

const OUTPUTS: readonly Output[] = [
  {
    file: 'crds.yaml',
    about: ['The resource definitions. Apply them first: kubectl apply -f crds.yaml'],
    values: [],
    wants: (kind) => DEFINITIONS.includes(kind),
  },
  {
    file: 'firstseen.yaml',
    about: [
      'One pod behind a Service, with its state in SQLite on a volume. Before it starts it needs the Secret firstseen-tls:',
      'kubectl -n firstseen create secret generic firstseen-tls --from-file=tls.crt --from-file=tls.key --from-file=ca.crt',
      'How to make these, and what the API server needs: docs/guides/certificates.md, docs/guides/install.md',
    ],
    values: [],
    wants: (kind) => !DEFINITIONS.includes(kind),
    podSecurity: 'restricted',
  },
  {
    file: 'firstseen-daemonset.yaml',
    about: [
      'A pod on each control-plane node, on 127.0.0.1:9443, with its state in Redis. Before it starts it needs two Secrets:',
      'kubectl -n firstseen create secret generic firstseen-tls --from-file=tls.crt --from-file=tls.key --from-file=ca.crt',
      'kubectl -n firstseen create secret generic firstseen-redis --from-literal=url=rediss://user:password@host:6379/0',
      'How to make the first, and what the API server needs: docs/guides/certificates.md, docs/guides/install.md',
    ],
    values: ['mode=DaemonSet', 'state.kind=redis', 'state.redis.existingSecret=firstseen-redis'],
    wants: (kind) => !DEFINITIONS.includes(kind),
    podSecurity: 'privileged',
  },
];

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const output of OUTPUTS) {
  const path = join(ROOT, 'deploy', output.file);
  const text = await render(output);
  if (readIfThere(path) === text) continue;
  if (values.check) process.exitCode = 1;
  else writeFileSync(path, text);
  console.log(
    values.check
      ? `deploy/${output.file} is stale: run npx node deploy/generate-manifests.ts`
      : `deploy/${output.file} written`,
  );
}

async function render({ about, values, wants, podSecurity }: Output): Promise<string> {
  const set = ['tls.mode=existingSecret', 'tls.existingSecret=firstseen-tls', ...values].flatMap((value) => [
    '--set',
    value,
  ]);
  const rendered = await helm('template', 'firstseen', CHART, '--namespace', 'firstseen', ...set);
  // Kubernetes reads YAML 1.1: 0440 is a number in octal.
  const manifests = parseAllDocuments(rendered, { version: '1.1' }).filter((document) =>
    wants(String(document.get('kind'))),
  );
  for (const document of manifests) withoutHelm(document);
  const namespace =
    podSecurity === undefined
      ? []
      : [
          'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: firstseen\n  labels:\n' +
            `    pod-security.kubernetes.io/enforce: ${podSecurity}\n`,
        ];
  const texts = manifests.map((document) =>
    document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(/^---\n/, ''),
  );
  return [`${[MARK, '#', ...about.map((line) => `# ${line}`)].join('\n')}\n`, ...namespace, ...texts].join('---\n');
}

/** Takes away what only Helm reads. */
function withoutHelm(document: Document): void {
  for (const label of ['helm.sh/chart', 'app.kubernetes.io/managed-by']) {
    document.deleteIn(['metadata', 'labels', label]);
  }
  const annotations = document.getIn(['metadata', 'annotations']);
  if (!isMap(annotations)) return;
  annotations.delete('helm.sh/resource-policy');
  if (annotations.items.length === 0) document.deleteIn(['metadata', 'annotations']);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
