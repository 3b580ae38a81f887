import { existsSync } from 'node:fs';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { RULES_PATH } from '../../kubernetes/rule-watch.ts';
import { createFieldSlots, type FieldSlots } from '../../query/match/slots.ts';
import { compileRule } from '../../rules/compile-rule.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { RuleDocument } from '../../rules/document.ts';
import { RESERVED_RULE_NAMES } from '../../rules/rule-name.ts';
import { parseDetectionRule } from '../../rules/rule-schema.ts';
import { tamperRules } from '../../ruleset/tamper-rules.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { loadQuietly } from '../load-rules.ts';

/** The current rule of an alert, which may have changed since. */
export interface RuleOfAlert {
  readonly document: RuleDocument;
  /** Undefined if the rule does not compile, or is built into the running firstseen. */
  readonly compiled?: { readonly rule: CompiledRule; readonly slots: FieldSlots };
  readonly from: 'the cluster' | 'files' | 'the program';
}

/** The rule from the cluster, else from the files, else a built-in one; undefined if none has the name. */
export async function ruleOfAlert(
  name: string,
  cluster: ClusterClient,
  paths: readonly string[],
): Promise<RuleOfAlert | undefined> {
  if (name.startsWith(RESERVED_RULE_NAMES)) {
    const rules = tamperRules({ namespace: 'firstseen', names: ['firstseen'], identities: [] });
    const document = rules.find((rule) => rule.name === name);
    return document && { document, from: 'the program' };
  }
  const resource = await cluster.find({ method: 'GET', path: `${RULES_PATH}/${encodeURIComponent(name)}` });
  const parsed = resource === undefined ? undefined : parseDetectionRule(resource);
  if (parsed?.kind === 'ok') return { ...compiledOf(parsed.document), from: 'the cluster' };
  const loaded = await loadQuietly(paths.filter((path) => existsSync(path)));
  const found = [...loaded.ready, ...loaded.disabled].find(({ rule }) => rule.document.name === name);
  if (found === undefined) return undefined;
  return { document: found.rule.document, compiled: { rule: found.rule, slots: loaded.slots }, from: 'files' };
}

function compiledOf(document: RuleDocument): Pick<RuleOfAlert, 'document' | 'compiled'> {
  const slots = createFieldSlots();
  const compiled = compileRule(document, slots, sha256Hashes);
  return compiled.kind === 'ok' ? { document, compiled: { rule: compiled.rule, slots } } : { document };
}
