import { join } from 'node:path';
import { decodeEvent } from '../../src/audit/decode.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import type { CompiledRule } from '../../src/rules/compiled-rule.ts';
import { evaluation } from '../support/evaluation.ts';
import type { CorpusCase } from './corpus-cases.ts';

export interface Measured extends CorpusCase {
  /** The rules of the pack that alert on it, on a cluster where nothing is known. */
  readonly fired: readonly string[];
}

/** What the pack says of each case by itself, once it has learned, on an empty state. */
export async function measurePack(cases: readonly CorpusCase[]): Promise<readonly Measured[]> {
  const { ready, slots } = compileLoaded(
    await loadRuleFiles([join(import.meta.dirname, '..', '..', 'rules')]),
    sha256Hashes,
  );
  const detector = createDetector(
    ready.map(({ rule }) => withoutLearning(rule)),
    slots,
    sha256Hashes,
  );
  const measured: Measured[] = [];
  for (const each of cases) {
    const { send, alerts, store } = evaluation(detector);
    const events = each.events.flatMap((event, ordinal) => {
      const item = decodeEvent(event, ordinal, Date.UTC(2026, 0, 1) * 1_000);
      return 'event' in item ? [item] : [];
    });
    await send(...events);
    measured.push({ ...each, fired: (await alerts()).map(({ spec }) => spec.rule.name).sort() });
    await store.close();
  }
  return measured;
}

function withoutLearning(rule: CompiledRule): CompiledRule {
  const { newTerms, ...document } = rule.document;
  if (newTerms === undefined) return rule;
  return { ...rule, document: { ...document, newTerms: { ...newTerms, learningMicros: 0 } } };
}

/** Tells the rules of the pack that alert on first sightings from those that look at events alone. */
export async function remembering(): Promise<(rule: string) => boolean> {
  const { ready } = compileLoaded(await loadRuleFiles([join(import.meta.dirname, '..', '..', 'rules')]), sha256Hashes);
  const names = new Set(
    ready.filter(({ rule }) => rule.document.newTerms !== undefined).map(({ rule }) => rule.document.name),
  );
  return (rule) => names.has(rule);
}
