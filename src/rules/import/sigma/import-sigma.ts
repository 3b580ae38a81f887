/**
 * Sigma rules and correlations for the audit events of Kubernetes. A document is mapped to the DetectionRule resource,
 * its query written in EQL, and then validated as such, so that both have one set of bounds.
 * @see https://sigmahq.io specification v2
 */
import type { RuleDocument } from '../../document.ts';
import { type DocumentProblem, isRecord, quoteName } from '../../document-problem.ts';
import { toRuleName } from '../../rule-name.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../../rule-schema.ts';
import { readCorrelation } from './correlation.ts';
import { readDetection } from './detections.ts';
import { toEventQuery } from './eql-text.ts';
import { applyFilters, readFilter } from './filters.ts';
import { createFindings, note, refuse, type SigmaReason } from './findings.ts';
import { readLogSource } from './log-source.ts';
import { readMetadata } from './metadata.ts';
import { indexNames } from './names.ts';
import { idleValues, neverMatches } from './never-matches.ts';
import { findRelated, type Reference } from './references.ts';
import { type SigmaValues, sigmaPath } from './sigma-document.ts';
import type { SigmaReading } from './sigma-reading.ts';

export interface SigmaInput {
  readonly value: SigmaValues;
  /** The file of the document. A rule alone in its file is named after the file. */
  readonly file?: string;
  /** The name of the file without its extension. */
  readonly fileStem?: string;
}

export type SigmaImport =
  | {
      readonly kind: 'document';
      readonly document: RuleDocument;
      /** Facts worth knowing that change no outcome. In sentences. */
      readonly notes: readonly string[];
      /** Where other events match than in Sigma, because of this rule. In sentences. */
      readonly differences: readonly string[];
      /** Why no event of an API server can match, in parts of sentences. Empty: an event may match. */
      readonly neverMatches: readonly string[];
    }
  /** A filter, or a rule used only by correlations without `generate: true`: it raises no alerts of its own. */
  | { readonly kind: 'part' }
  /** The rule may be valid but cannot run here. */
  | { readonly kind: 'unsupported'; readonly reasons: readonly SigmaReason[]; readonly title?: string }
  /** Paths refer to the given value. */
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[]; readonly title?: string };

/**
 * Imports the documents of one load from all its files: correlations find their rules among them. One result for each
 * document, in order. Nothing that decides which events match is ever dropped. Never throws.
 */
export function importSigma(inputs: readonly SigmaInput[]): readonly SigmaImport[] {
  const alone = inputs.map(({ value }) => readAlone(value));
  const names = indexNames(alone);
  const readings = applyFilters(alone, names);
  const references = findRelated(readings, names);
  const parts = partsOf(references);
  const rulesOfFile = new Map<string | undefined, number>();
  for (const [index, { file }] of inputs.entries()) {
    const isRule = !parts.has(index) && readings[index]?.role !== 'filter';
    if (isRule) rulesOfFile.set(file, (rulesOfFile.get(file) ?? 0) + 1);
  }
  return inputs.map(({ file, fileStem }, index): SigmaImport => {
    const reading = readings[index];
    if (reading === undefined) return { kind: 'part' };
    const stem = rulesOfFile.get(file) === 1 ? fileStem : undefined;
    return finish(reading, references.get(index), parts.has(index), stem);
  });
}

function readAlone(value: SigmaValues): SigmaReading {
  const findings = createFindings();
  const role = 'filter' in value ? 'filter' : 'correlation' in value ? 'correlation' : 'rule';
  if ('action' in value) {
    refuse(findings, 'action', ['action'], 'documents with an action are no longer part of Sigma', {
      hint: 'write each rule in full, or use a correlation',
    });
  } else if (role !== 'correlation') readLogSource(value.logsource, findings);
  if (role === 'correlation' || findings.reasons.length > 0) return { role, value, findings, search: undefined };
  const search = role === 'rule' ? readDetection(value.detection, findings) : readFilter(value.filter, findings);
  return { role, value, findings, search };
}

/** The rules used only by correlations. */
function partsOf(references: ReadonlyMap<number, Reference>): ReadonlySet<number> {
  const parts = new Set<number>();
  const kept = new Set<number>();
  for (const { related, generates } of references.values()) {
    for (const index of related) (generates ? kept : parts).add(index);
  }
  return parts.difference(kept);
}

function finish(
  reading: SigmaReading,
  reference: Reference | undefined,
  isPart: boolean,
  stem: string | undefined,
): SigmaImport {
  const { role, value, findings, search } = reading;
  const isFilter = role === 'filter' && findings.problems.length === 0;
  if ((isPart || isFilter) && search !== undefined) return { kind: 'part' };
  const title = typeof value.title === 'string' ? { title: value.title } : {};
  const { spec, never } = settings(reading, reference);
  const levels = reference?.rules.map(({ level }) => level) ?? [];
  const metadata = findings.reasons.length === 0 ? readMetadata(value, findings, levels) : {};
  if (findings.problems.length > 0) return { kind: 'invalid', problems: findings.problems, ...title };
  if (findings.reasons.length > 0) return { kind: 'unsupported', reasons: findings.reasons, ...title };
  const parsed = parseDetectionRule({
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name: ruleName(value, stem) },
    spec: present({ ...metadata, ...spec }),
  });
  if (parsed.kind === 'invalid') {
    const problems = parsed.problems.map((problem) => ({ ...problem, path: sigmaPath(value, problem.path) }));
    return { kind: 'invalid', problems, ...title };
  }
  const { document } = parsed;
  const [notes, differences] = [[...findings.notes], [...findings.differences]];
  return { kind: 'document', document, notes, differences, neverMatches: never ?? [] };
}

function settings(
  { value, findings, search }: SigmaReading,
  reference: Reference | undefined,
): { readonly spec: SigmaValues; readonly never?: readonly string[] | undefined } {
  if (search !== undefined) {
    for (const text of idleValues(search)) note(findings, text);
    return { spec: { type: 'eql', language: 'eql', query: toEventQuery(search) }, never: neverMatches(search) };
  }
  if (reference === undefined) return { spec: {} };
  findings.problems.push(...reference.problems);
  findings.reasons.push(...reference.reasons);
  if (findings.problems.length > 0 || findings.reasons.length > 0 || !isRecord(value.correlation)) return { spec: {} };
  if (!reference.generates) {
    const names = reference.rules.map((rule) => quoteName(rule.reference)).join(', ');
    note(findings, `without generate: true, its rules raise no alerts of their own: ${names}`);
  }
  for (const { reference: name, notes, differences } of reference.rules) {
    const about = (text: string): string => `${quoteName(name)}: ${text}`;
    for (const text of reference.generates ? [] : notes) note(findings, about(text));
    for (const text of differences) findings.differences.add(about(text));
  }
  const reading = readCorrelation(value.correlation, reference.rules, findings);
  return { spec: reading?.spec ?? {}, never: reading?.never };
}

function ruleName(value: SigmaValues, stem: string | undefined): string {
  const names = [stem, value.name, value.title, value.id];
  return names.map((text) => (typeof text === 'string' ? toRuleName(text) : undefined)).find(isGiven) ?? 'sigma-rule';
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** The object without what is absent. */
function present(values: SigmaValues): SigmaValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}
