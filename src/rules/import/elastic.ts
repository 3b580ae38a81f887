/**
 * Rules of Elastic's detection engine, as their repository (TOML) and Kibana's export (NDJSON) hold them.
 * A rule is mapped to the DetectionRule resource and then validated as such, so that both have one set of bounds.
 */
import type { RuleDocument } from '../document.ts';
import { type DocumentPath, type DocumentProblem, describeValue, isRecord, quoteName } from '../document-problem.ts';
import { formatDuration } from '../duration.ts';
import { toRuleName } from '../rule-name.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../rule-schema.ts';
import { indexKind, mentionsAudit } from './audit-index.ts';
import { parseLookBack } from './date-math.ts';
import { judgeSettings } from './elastic-settings.ts';
import { elasticThreats } from './elastic-threats.ts';

export interface UnsupportedReason {
  /** What stands in the way: the rule's type, its language, data that firstseen does not have, or a setting. */
  readonly kind: 'type' | 'language' | 'data' | 'setting';
  /** Its name: `esql`, `logs-aws*`, `filters`. */
  readonly name: string;
  readonly message: string;
}

export type ElasticImport =
  | { readonly kind: 'document'; readonly document: RuleDocument; readonly notes: readonly string[] }
  /** The rule may be sound, and cannot run here. `title` is its name, if it has one. */
  | { readonly kind: 'unsupported'; readonly reasons: readonly UnsupportedReason[]; readonly title?: string }
  /** Paths lead into the value that was given. */
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

export interface ElasticImportOptions {
  /** The name of the rule's file without its extension; the resource is named after it, else after the rule. */
  readonly fileStem?: string;
}

type Values = Readonly<Record<string, unknown>>;

const SUPPORTED_TYPES = ['query', 'new_terms'];
/** Elastic's default for `from`. */
const DEFAULT_FROM = 'now-6m';
const DEFAULT_INTERVAL = '5m';

/** Where the settings of Elastic's rules stand that have another name in `spec`. */
const ELASTIC_NAMES: ReadonlyMap<string, string> = new Map([
  ['title', 'name'],
  ['id', 'rule_id'],
  ['riskScore', 'risk_score'],
  ['falsePositives', 'false_positives'],
  ['triage', 'note'],
]);

/** True for what looks like one of Elastic's rules rather than a resource. */
export function isElasticRule(value: unknown): value is Values {
  if (!isRecord(value)) return false;
  return isRecord(value.rule) || (!('apiVersion' in value) && 'rule_id' in value);
}

/**
 * One rule of Elastic's, as parsed TOML (`[rule]` with its tables) or as an object of the NDJSON export, to a rule document.
 * Nothing that decides which events match is ever left out: a rule that cannot be honoured in full is unsupported, by name.
 */
export function importElasticRule(value: unknown, options: ElasticImportOptions = {}): ElasticImport {
  const { base, rule } = ruleTable(value);
  if (!isRecord(rule)) {
    return { kind: 'invalid', problems: [{ path: base, message: `expected a rule, found ${describeValue(rule)}` }] };
  }
  const settings = judgeSettings(rule);
  const reasons: readonly UnsupportedReason[] = [
    ...typeReasons(rule),
    ...dataReasons(rule),
    ...settings.refused.map((refused) => ({ kind: 'setting' as const, ...refused })),
  ];
  if (reasons.length > 0) {
    return { kind: 'unsupported', reasons, ...(typeof rule.name === 'string' && { title: rule.name }) };
  }
  const window = rule.type === 'new_terms' ? readNewTerms(rule) : undefined;
  const parsed = parseDetectionRule(toResource(rule, options.fileStem, window));
  const problems = [
    ...(window?.problems ?? []),
    ...(parsed.kind === 'invalid'
      ? parsed.problems.map((problem) => ({ ...problem, path: settingPath(rule, problem.path) }))
      : []),
  ];
  if (parsed.kind === 'invalid' || problems.length > 0) {
    return { kind: 'invalid', problems: problems.map((problem) => ({ ...problem, path: [...base, ...problem.path] })) };
  }
  const { document } = parsed;
  return { kind: 'document', document, notes: [...settings.notes, ...mappingNotes(rule, document)] };
}

/** Where a path of the DetectionRule resource stands in the value that it was imported from. */
export function elasticPath(value: unknown, path: DocumentPath): DocumentPath {
  const { base, rule } = ruleTable(value);
  return [...base, ...settingPath(isRecord(rule) ? rule : {}, path)];
}

/** Where the reason stands in the value that was to be imported. */
export function reasonPath(value: unknown, { kind, name }: UnsupportedReason): DocumentPath {
  const setting = kind === 'setting' ? name : kind === 'data' ? 'index' : kind;
  return [...ruleTable(value).base, setting];
}

/** TOML has the settings in a table `rule`, an export has them bare. */
function ruleTable(value: unknown): { readonly base: DocumentPath; readonly rule: unknown } {
  return isRecord(value) && Object.hasOwn(value, 'rule')
    ? { base: ['rule'], rule: value.rule }
    : { base: [], rule: value };
}

function settingPath(rule: Values, path: DocumentPath): DocumentPath {
  if (path[0] !== 'spec') return path[0] === 'metadata' ? ['name'] : [];
  const [, key, ...rest] = path;
  if (key === undefined) return [];
  if (key === 'newTerms') {
    const [setting, ...within] = rest;
    if (setting === 'window') return historyPath(rule);
    return [...(isRecord(rule.new_terms) ? ['new_terms', 'value'] : ['new_terms_fields']), ...within];
  }
  if (key === 'threat') return ['threat'];
  if (key === 'suppression')
    return rest[0] === 'by' ? ['alert_suppression', 'group_by', ...rest.slice(1)] : ['alert_suppression'];
  return [ELASTIC_NAMES.get(String(key)) ?? key, ...rest];
}

function typeReasons(rule: Values): readonly UnsupportedReason[] {
  const reasons: UnsupportedReason[] = [];
  const { type, language = 'kuery' } = rule;
  if (typeof type === 'string' && !SUPPORTED_TYPES.includes(type)) {
    const name = quoteName(type);
    const message = `rule type ${name} is not supported by this version; supported: ${SUPPORTED_TYPES.join(', ')}`;
    reasons.push({ kind: 'type', name, message });
  }
  if (typeof language === 'string' && language !== 'kuery') {
    const name = quoteName(language);
    const message = `language ${name} is not supported by this version; supported: kuery`;
    reasons.push({ kind: 'language', name, message });
  }
  return reasons;
}

/** A query over several indices can match in one of them alone; a sequence or a join needs them all. */
function dataReasons(rule: Values): readonly UnsupportedReason[] {
  const patterns = indexPatterns(rule);
  const others = patterns.filter((pattern) => indexKind(pattern) === 'other');
  const named = patterns.some((pattern) => indexKind(pattern) === 'audit');
  const speaks = named || mentionsAudit(typeof rule.query === 'string' ? rule.query : '');
  const readable = patterns.length === 0 || others.length < patterns.length;
  const joins = !SUPPORTED_TYPES.includes(String(rule.type));
  if (speaks && readable && !(joins && others.length > 0)) return [];
  const view = typeof rule.data_view_id === 'string' ? `data view ${rule.data_view_id}` : 'the default indices';
  const name = quoteName(others.length > 0 ? others.join(', ') : patterns.length > 0 ? patterns.join(', ') : view);
  return [{ kind: 'data', name, message: `needs other data: ${name}; firstseen has Kubernetes audit events only` }];
}

function indexPatterns(rule: Values): readonly string[] {
  const { index } = rule;
  if (typeof index === 'string') return [index];
  return Array.isArray(index) ? index.filter((pattern) => typeof pattern === 'string' && !pattern.startsWith('-')) : [];
}

interface NewTermsReading {
  readonly fields: unknown;
  readonly window: unknown;
  readonly problems: readonly DocumentProblem[];
}

/** Both forms: a table of pairs of field and value (TOML), and two flat settings (NDJSON). */
function readNewTerms(rule: Values): NewTermsReading {
  const table = isRecord(rule.new_terms) ? rule.new_terms : undefined;
  const starts = Array.isArray(table?.history_window_start) ? table.history_window_start : [];
  const fields = table === undefined ? rule.new_terms_fields : table.value;
  const start: unknown =
    table === undefined ? rule.history_window_start : isRecord(starts[0]) ? starts[0].value : undefined;
  const path = historyPath(rule);
  const micros = typeof start === 'string' ? parseLookBack(start) : undefined;
  if (micros === undefined) {
    const message = `expected a start of the history such as now-7d, found ${describeValue(start)}`;
    return { fields, window: undefined, problems: [{ path, message }] };
  }
  const from = typeof rule.from === 'string' ? rule.from : DEFAULT_FROM;
  const lookBack = parseLookBack(from);
  if (lookBack === undefined) {
    const message = `expected a start of the search such as ${DEFAULT_FROM}, found ${describeValue(from)}`;
    return { fields, window: undefined, problems: [{ path: ['from'], message }] };
  }
  if (micros <= lookBack) {
    const message = `the history starts at ${start}, which is not before the search, from ${from}`;
    return { fields, window: undefined, problems: [{ path, message }] };
  }
  return { fields, window: formatDuration(micros), problems: [] };
}

function historyPath(rule: Values): DocumentPath {
  return isRecord(rule.new_terms) ? ['new_terms', 'history_window_start', 0, 'value'] : ['history_window_start'];
}

function toResource(rule: Values, fileStem: string | undefined, newTerms: NewTermsReading | undefined): unknown {
  const name = [fileStem, rule.name, rule.rule_id]
    .map((text) => (typeof text === 'string' ? toRuleName(text) : undefined))
    .find((text) => text !== undefined);
  return {
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name: name ?? 'elastic-rule' },
    spec: present({
      title: rule.name,
      description: trimmed(rule.description),
      enabled: rule.enabled,
      version: typeof rule.version === 'number' ? String(rule.version) : rule.version,
      id: rule.rule_id,
      type: rule.type,
      language: rule.language,
      query: rule.query,
      // Where the window is wrong the reading has said so; any valid one keeps the schema from saying it again.
      newTerms: newTerms && { fields: newTerms.fields, window: newTerms.window ?? '7d' },
      severity: rule.severity,
      riskScore: rule.risk_score,
      suppression: toSuppression(rule),
      threat: elasticThreats(rule.threat),
      references: rule.references,
      falsePositives: Array.isArray(rule.false_positives) ? rule.false_positives.map(trimmed) : rule.false_positives,
      triage: rule.note,
      tags: rule.tags,
    }),
  };
}

function toSuppression(rule: Values): unknown {
  const suppression = rule.alert_suppression;
  if (!isRecord(suppression)) return suppression;
  const { group_by: by, duration, missing_fields_strategy: missingFields } = suppression;
  const window = isRecord(duration) ? `${duration.value}${duration.unit}` : (rule.interval ?? DEFAULT_INTERVAL);
  return present({ by, window, missingFields });
}

function mappingNotes(rule: Values, document: RuleDocument): readonly string[] {
  const notes: string[] = [];
  const others = indexPatterns(rule).filter((pattern) => indexKind(pattern) === 'other');
  if (others.length > 0) notes.push(`only audit events are read, not ${quoteName(others.join(', '))}`);
  const suppression = rule.alert_suppression;
  if (isRecord(suppression) && suppression.duration === undefined && document.suppression !== undefined) {
    const window = formatDuration(document.suppression.windowMicros);
    notes.push(`alert_suppression is per run of the rule in Elastic; here it lasts ${window}, the rule's interval`);
  }
  const learning = document.newTerms?.learningMicros ?? 0;
  if (learning > 0) notes.push(`learns for ${formatDuration(learning)} on each cluster before it alerts`);
  return notes;
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}

/** The object without what is absent; Kibana writes null for some of it. */
function present(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}
