/**
 * Rules of Elastic's detection engine, from its repository (TOML) or from Kibana's export (NDJSON). A rule is mapped to
 * a DetectionRule resource and validated as one, so both have the same limits; only exceptions may exceed them, because
 * rules share lists.
 */
import type { ExceptionDocument, RuleDocument } from '../document.ts';
import { type DocumentPath, type DocumentProblem, describeValue, isRecord, quoteName } from '../document-problem.ts';
import { formatDuration } from '../duration.ts';
import { toRuleName } from '../rule-name.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../rule-schema.ts';
import { type AlertingReading, readAlerting } from './elastic-alerting.ts';
import { dataReasons, unreadData } from './elastic-data.ts';
import { type ElasticLists, readExceptionLists } from './elastic-exceptions.ts';
import { readFilters } from './elastic-filters.ts';
import { pipelineDifferences } from './elastic-pipelines.ts';
import { judgeSettings } from './elastic-settings.ts';
import { elasticThreats } from './elastic-threats.ts';
import { typeReasons } from './elastic-types.ts';
import { historyPath, readWindows, type SpecReading } from './elastic-windows.ts';
import { EVERY_EVENT } from './kuery-text.ts';

import { present } from './present.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

/** Kibana requires a severity; a rule written by hand may lack it. */
const DEFAULT_SEVERITY = 'medium';

export type ElasticImport =
  | {
      readonly kind: 'document';
      readonly document: RuleDocument;
      /** Facts worth knowing that change no outcome. In sentences. */
      readonly notes: readonly string[];
      /** Where the outcome differs from Elastic, because of this rule. In sentences. */
      readonly differences: readonly string[];
    }
  /** The rule may be valid but cannot run here. */
  | { readonly kind: 'unsupported'; readonly reasons: readonly UnsupportedReason[] }
  /** Paths refer to the given value. */
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

export interface ElasticImportOptions {
  /** The rule's file name without extension; the resource is named after it, else after the rule. */
  readonly fileStem?: string;
  /** Lists that the rule may refer to. */
  readonly lists?: ElasticLists;
}

type Values = Readonly<Record<string, unknown>>;

const NO_LISTS: ElasticLists = {
  items: () => undefined,
  values: () => undefined,
  valuesPlace: (id) => `${id}.txt`,
};

/** Settings of Elastic's rules that have another name in `spec`. */
const ELASTIC_NAMES: ReadonlyMap<string, string> = new Map([
  ['title', 'name'],
  ['id', 'rule_id'],
  ['riskScore', 'risk_score'],
  ['falsePositives', 'false_positives'],
  ['triage', 'note'],
  ['window', 'from'],
  ['budget', 'max_signals'],
  ['severityMapping', 'severity_mapping'],
  ['riskScoreMapping', 'risk_score_mapping'],
  ['ruleNameOverride', 'rule_name_override'],
  ['buildingBlock', 'building_block_type'],
]);

/** True if the value looks like an Elastic rule and not like a resource. */
export function isElasticRule(value: unknown): value is Values {
  if (!isRecord(value)) return false;
  return isRecord(value.rule) || (!('apiVersion' in value) && 'rule_id' in value);
}

/** The name of the resource for a rule, even if the rule is invalid. */
export function elasticRuleName(value: unknown, fileStem: string | undefined): string {
  const { rule } = ruleTable(value);
  const texts = isRecord(rule) ? [fileStem, rule.name, rule.rule_id] : [fileStem];
  const names = texts.map((text) => (typeof text === 'string' ? toRuleName(text) : undefined));
  return names.find((name) => name !== undefined) ?? 'elastic-rule';
}

/** The type in the rule. */
export function elasticRuleType(value: unknown): string | undefined {
  const { rule } = ruleTable(value);
  return isRecord(rule) && typeof rule.type === 'string' ? quoteName(rule.type) : undefined;
}

/**
 * Converts an Elastic rule, parsed TOML (`[rule]` with its tables) or an object of the NDJSON export, to a rule
 * document. Nothing that decides which events match is ever dropped: a rule that is not fully supported is refused by
 * name.
 */
export function importElasticRule(value: unknown, options: ElasticImportOptions = {}): ElasticImport {
  const { base, rule } = ruleTable(value);
  if (!isRecord(rule)) {
    return { kind: 'invalid', problems: [{ path: base, message: `expected a rule, found ${describeValue(rule)}` }] };
  }
  const settings = judgeSettings(rule);
  const filters = readFilters(rule.filters ?? []);
  const reasons: readonly UnsupportedReason[] = [
    ...typeReasons(rule),
    ...dataReasons(rule),
    ...settings.refused,
    ...filters.refused.map(({ index, message }) => ({
      kind: 'setting' as const,
      name: 'filters',
      message,
      path: ['filters', index],
    })),
  ];
  if (reasons.length > 0) return { kind: 'unsupported', reasons };

  const windows = readWindows(rule);
  const alerting = readAlerting(rule);
  const lists = readExceptionLists(rule.exceptions_list ?? [], options.lists ?? NO_LISTS);
  const parsed = parseDetectionRule(toResource(rule, elasticRuleName(value, options.fileStem), windows, alerting));
  const problems = [
    ...windows.problems,
    ...alerting.problems,
    ...lists.problems,
    ...(parsed.kind === 'invalid'
      ? parsed.problems.map((problem) => ({ ...problem, path: settingPath(rule, problem.path) }))
      : []),
  ];
  if (parsed.kind === 'invalid' || problems.length > 0) {
    return { kind: 'invalid', problems: problems.map((problem) => ({ ...problem, path: [...base, ...problem.path] })) };
  }
  const exceptions: readonly ExceptionDocument[] = [...filters.exceptions, ...lists.exceptions];
  const document: RuleDocument = { ...parsed.document, exceptions };
  const unread = unreadData(rule);
  return {
    kind: 'document',
    document,
    notes: [...windows.notes, ...alerting.notes, ...filters.notes, ...lists.notes, ...ruleNotes(rule)],
    differences: [
      ...(unread === undefined ? [] : [unread]),
      ...settings.differences,
      ...alerting.differences,
      ...lists.differences,
      ...learningDifference(document),
      ...pipelineDifferences(document),
    ],
  };
}

/** Maps a path of the DetectionRule resource to the value that it was imported from. */
export function elasticPath(value: unknown, path: DocumentPath): DocumentPath {
  const { base, rule } = ruleTable(value);
  return [...base, ...settingPath(isRecord(rule) ? rule : {}, path)];
}

/** Maps the path of the reason to the imported value. */
export function reasonPath(value: unknown, { path }: UnsupportedReason): DocumentPath {
  return [...ruleTable(value).base, ...path];
}

/** TOML has the settings in a table `rule`; an export has them at the top. */
function ruleTable(value: unknown): { readonly base: DocumentPath; readonly rule: unknown } {
  return isRecord(value) && Object.hasOwn(value, 'rule')
    ? { base: ['rule'], rule: value.rule }
    : { base: [], rule: value };
}

function settingPath(rule: Values, path: DocumentPath): DocumentPath {
  if (path[0] !== 'spec') return path[0] === 'metadata' ? ['name'] : [];
  const [, key, ...rest] = path;
  const [setting, ...within] = rest;
  switch (key) {
    case undefined:
      return [];
    case 'newTerms':
      if (setting === 'window') return historyPath(rule);
      return [...(isRecord(rule.new_terms) ? ['new_terms', 'value'] : ['new_terms_fields']), ...within];
    case 'threshold':
      return setting === 'window' ? ['from'] : ['threshold', ...rest];
    case 'threat':
      return ['threat'];
    case 'suppression':
      return setting === 'by' ? ['alert_suppression', 'group_by', ...within] : ['alert_suppression'];
    case 'budget':
      return ['max_signals'];
    case 'exceptions':
      return [Array.isArray(rule.filters) && Number(setting) < rule.filters.length ? 'filters' : 'exceptions_list'];
    default:
      return [ELASTIC_NAMES.get(String(key)) ?? key, ...rest];
  }
}

function toResource(rule: Values, name: string, windows: SpecReading, alerting: AlertingReading): unknown {
  return {
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name },
    spec: present({
      title: rule.name,
      description: trimmed(rule.description),
      enabled: rule.enabled,
      version: typeof rule.version === 'number' ? String(rule.version) : rule.version,
      id: rule.rule_id,
      type: rule.type,
      language: rule.language,
      query: isEmptyQuery(rule) ? EVERY_EVENT : rule.query,
      severity: rule.severity ?? DEFAULT_SEVERITY,
      riskScore: rule.risk_score,
      ...windows.spec,
      ...alerting.spec,
      threat: elasticThreats(rule.threat),
      references: rule.references,
      falsePositives: Array.isArray(rule.false_positives) ? rule.false_positives.map(trimmed) : rule.false_positives,
      triage: triageOf(rule),
      tags: rule.tags,
    }),
  };
}

/** An empty KQL query selects everything in the index: a rule that only has filters looks like this. */
function isEmptyQuery({ type, query }: Values): boolean {
  return type !== 'eql' && type !== 'esql' && typeof query === 'string' && query.trim() === '';
}

/** The investigation guide, followed by the setup instructions if the guide lacks them. */
function triageOf({ note, setup }: Values): unknown {
  if (typeof setup !== 'string' || setup.trim() === '') return note;
  if (note === undefined || note === null) return `## Setup\n\n${setup.trim()}`;
  return typeof note === 'string' && !note.includes(setup.trim())
    ? `${note.trim()}\n\n## Setup\n\n${setup.trim()}`
    : note;
}

function ruleNotes(rule: Values): readonly string[] {
  const notes: string[] = [];
  if (rule.severity === undefined || rule.severity === null)
    notes.push(`the rule has no severity: ${DEFAULT_SEVERITY} is assumed`);
  if (isEmptyQuery(rule)) notes.push('the query is empty, so it selects every audit event');
  if (typeof rule.data_view_id === 'string' && rule.data_view_id !== '')
    notes.push(`the data view ${quoteName(rule.data_view_id)} is assumed to hold audit events`);
  return notes;
}

function learningDifference({ newTerms }: RuleDocument): readonly string[] {
  const learning = newTerms?.learningMicros ?? 0;
  return learning > 0 ? [`learns for ${formatDuration(learning)} on each cluster before it alerts`] : [];
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}
