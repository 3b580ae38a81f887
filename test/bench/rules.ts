import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** The fields of a rule file that are changed here. */
interface RuleManifest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly query: string; readonly tests?: unknown };
}

const PACK = join(import.meta.dirname, '..', '..', 'rules');
/** The rule that the traffic matches comes first, so that every count includes it. */
const FILES = [
  'anonymous-request-unusual-agent.yaml',
  'exec-into-pod.yaml',
  'cluster-admin-binding-created.yaml',
  'privileged-pod-created.yaml',
];

/**
 * The texts of `count` rules: the pack, then copies narrowed to other namespaces or users. They read the same fields,
 * and some nearly match, as in a large rule set.
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
