import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A rule as it stands in a file of the pack; what is not changed here is not looked at. */
interface RuleManifest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly query: string; readonly tests?: unknown };
}

const PACK = join(import.meta.dirname, '..', '..', 'rules');
/** The one that the traffic matches comes first, so that it is there at every count. */
const FILES = [
  'anonymous-request-unusual-agent.yaml',
  'exec-into-pod.yaml',
  'cluster-admin-binding-created.yaml',
  'privileged-pod-created.yaml',
];

/**
 * So many rules, each as the text of a file: the pack, and then copies of it that ask for another namespace or another user,
 * as the rules of a large set differ from each other. They read the same fields, and some of them nearly match.
 */
export function benchRules(count: number): readonly string[] {
  const pack = FILES.map(
    (file) => parseAllDocuments(readFileSync(join(PACK, file), 'utf8'))[0]?.toJS() as RuleManifest,
  );
  return Array.from({ length: count }, (_, i) => JSON.stringify(ruleAt(pack, i)));
}

function ruleAt(pack: readonly RuleManifest[], i: number): RuleManifest {
  const original = pack[i % pack.length];
  if (original === undefined) throw new Error('the rule pack is empty');
  const { tests: _, ...spec } = original.spec;
  const round = Math.floor(i / pack.length);
  if (round === 0) return { ...original, spec };
  const narrower =
    round % 2 === 0
      ? `kubernetes.audit.objectRef.namespace: team-${round}`
      : `user.name: "system:serviceaccount:team-${round}:controller-${round % 40}"`;
  return {
    ...original,
    metadata: { name: `${original.metadata.name}-${round}` },
    spec: { ...spec, query: `(${spec.query}) and ${narrower}` },
  };
}
