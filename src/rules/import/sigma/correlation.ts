import { nearest } from '../../../query/nearest.ts';
import { type DocumentPath, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { formatDuration, parseDuration } from '../../duration.ts';
import { DURATION_BOUNDS } from '../../rule-schema.ts';
import { isWholeCondition, readCount } from './correlation-condition.ts';
import { toEventQuery, toSequenceQuery } from './eql-text.ts';
import { searchField, whyNever } from './field-mapping.ts';
import { type Findings, refuse } from './findings.ts';
import { neverMatches } from './never-matches.ts';
import type { RelatedRule } from './related-rule.ts';
import { joined, type SearchField } from './search.ts';
import type { SigmaValues } from './sigma-document.ts';

/** The settings of `spec` for a correlation, and why it can never match. */
export interface CorrelationReading {
  readonly spec: SigmaValues;
  readonly never: readonly string[] | undefined;
}

const TYPES = ['event_count', 'value_count', 'temporal', 'temporal_ordered'];
const REFUSED_TYPES = ['value_sum', 'value_avg', 'value_percentile', 'value_median'];
/** The most fields that a correlation groups by. */
const MAXIMUM_FIELDS = 10;
const KEYS = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate'];
const PATH: DocumentPath = ['correlation'];

/**
 * The correlation of a Sigma document over its rules, in order: counts become thresholds, temporal ones sequences.
 * Undefined if it is invalid or has no equivalent; the findings say why.
 * @see https://sigmahq.io correlation rules specification v2
 */
export function readCorrelation(
  correlation: SigmaValues,
  rules: readonly RelatedRule[],
  findings: Findings,
): CorrelationReading | undefined {
  for (const key of Object.keys(correlation)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    const hint = near === undefined ? {} : { hint: `did you mean ${near}?` };
    findings.problems.push({ path: [...PATH, key], message: `unknown key ${quoteName(key)}`, on: 'key', ...hint });
  }
  const before = findings.problems.length + findings.reasons.length;
  const type = readType(correlation.type, findings);
  const timespan = readTimespan(correlation.timespan, findings);
  const groupBy = readGroupBy(correlation, rules, findings);
  const isCount = type === 'event_count' || type === 'value_count';
  const count = isCount ? readCount(type, correlation.condition, findings) : undefined;
  if (type !== undefined && !isCount) {
    isWholeCondition(correlation.condition, rules, findings);
    if (rules.length < 2) {
      const message = `a correlation of type ${type} needs at least two rules; with one, write event_count`;
      findings.problems.push({ path: [...PATH, 'rules'], message });
    }
  }
  if (findings.problems.length + findings.reasons.length > before) return undefined;
  if (type === undefined || timespan === undefined || groupBy === undefined) return undefined;
  const never = groupBy.flatMap(({ fields }) =>
    fields.flatMap((field) => (field.never === true ? [whyNever(field)] : [])),
  );
  if (count !== undefined) return threshold(rules, groupBy, timespan, count, never, findings);
  return sequence(rules, groupBy, timespan, type === 'temporal' ? 'any' : 'time', never);
}

/** The fields of one group-by name in the events of each rule. */
interface GroupKey {
  readonly name: string;
  readonly index: number;
  /** One for each rule. */
  readonly fields: readonly SearchField[];
}

function threshold(
  rules: readonly RelatedRule[],
  groupBy: readonly GroupKey[],
  timespan: string,
  count: { readonly value: number; readonly distinct?: SearchField },
  neverGroups: readonly string[],
  findings: Findings,
): CorrelationReading | undefined {
  for (const key of groupBy) {
    if (isShared(key)) continue;
    const message = `the alias ${quoteName(key.name)} maps to different fields, but a count groups by one field`;
    refuse(findings, 'aliases', [...PATH, 'group-by', key.index], message);
  }
  if (findings.reasons.length > 0) return undefined;
  const search = joined(
    'or',
    rules.map((rule) => rule.search),
  );
  const { value, distinct } = count;
  const never = [
    ...(neverMatches(search) ?? []),
    ...neverGroups,
    ...(distinct?.never === true ? [whyNever(distinct)] : []),
  ];
  const spec = {
    type: 'threshold',
    language: 'eql',
    query: toEventQuery(search),
    threshold: {
      field: groupBy.flatMap(({ fields }) => fields.slice(0, 1).map(({ name }) => name)),
      value: distinct === undefined ? value : 1,
      ...(distinct !== undefined && { cardinality: [{ field: distinct.name, value }] }),
      window: timespan,
    },
  };
  return { spec, never: never.length > 0 ? never : undefined };
}

function sequence(
  rules: readonly RelatedRule[],
  groupBy: readonly GroupKey[],
  timespan: string,
  order: 'any' | 'time',
  neverGroups: readonly string[],
): CorrelationReading {
  const shared = groupBy.filter(isShared).flatMap(({ fields }) => fields.slice(0, 1));
  const own = groupBy.filter((key) => !isShared(key));
  const steps = rules.map(({ search }, index) => ({
    search,
    by: own.flatMap(({ fields }) => fields.slice(index, index + 1)),
  }));
  const never = [...rules.flatMap(({ search }) => neverMatches(search) ?? []), ...neverGroups];
  const spec = {
    type: 'eql',
    language: 'eql',
    query: toSequenceQuery(steps, shared, timespan),
    ...(order === 'any' && { sequenceOrder: order }),
  };
  return { spec, never: never.length > 0 ? [...new Set(never)] : undefined };
}

function isShared({ fields }: GroupKey): boolean {
  return fields.every(({ name }) => name === fields[0]?.name);
}

function readType(type: unknown, findings: Findings): string | undefined {
  if (typeof type === 'string' && TYPES.includes(type)) return type;
  const path = [...PATH, 'type'];
  if (typeof type === 'string' && REFUSED_TYPES.includes(type)) {
    const message = `correlations of type ${type} are not supported; supported: ${TYPES.join(', ')}`;
    findings.reasons.push({ kind: 'type', name: type, message, path });
    return undefined;
  }
  const near = typeof type === 'string' ? nearest(type, TYPES) : undefined;
  const message = `expected one of ${TYPES.join(', ')}, found ${describeValue(type)}`;
  findings.problems.push({ path, message, ...(near !== undefined && { hint: `did you mean ${near}?` }) });
  return undefined;
}

/** In our duration format, and no longer than events are kept. */
function readTimespan(timespan: unknown, findings: Findings): string | undefined {
  const path = [...PATH, 'timespan'];
  const text = typeof timespan === 'string' && /^\d{1,9}[smhdw]$/.test(timespan) ? timespan : '';
  const micros = parseDuration(text) ?? 0;
  const [, longest] = DURATION_BOUNDS.window;
  if (micros === 0 || micros > longest) {
    const bound = micros === 0 ? '' : ` and at most ${formatDuration(longest)}`;
    const message = `expected a timespan such as 5m, 1h or 2d${bound}, found ${describeValue(timespan)}`;
    findings.problems.push({ path, message });
    return undefined;
  }
  return text.endsWith('w') ? formatDuration(micros) : text;
}

function readGroupBy(
  correlation: SigmaValues,
  rules: readonly RelatedRule[],
  findings: Findings,
): readonly GroupKey[] | undefined {
  const value = correlation['group-by'];
  const names: readonly unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  if (names.length > MAXIMUM_FIELDS) {
    const message = `expected at most ${MAXIMUM_FIELDS} fields, found ${names.length}`;
    findings.problems.push({ path: [...PATH, 'group-by'], message });
    return undefined;
  }
  const keys = names.map((name, index): GroupKey | undefined => {
    const path = [...PATH, 'group-by', ...(Array.isArray(value) ? [index] : [])];
    if (typeof name !== 'string') {
      findings.problems.push({ path, message: `expected the name of a field, found ${describeValue(name)}` });
      return undefined;
    }
    const fields = rules.map((rule) => groupField(correlation.aliases, name, rule, path, findings));
    return fields.every((field) => field !== undefined) ? { name, index, fields } : undefined;
  });
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

/** The field of a group-by name in the events of a rule. */
function groupField(
  aliases: unknown,
  name: string,
  { reference, aliases: known }: RelatedRule,
  path: DocumentPath,
  findings: Findings,
): SearchField | undefined {
  const alias = isRecord(aliases) && Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  let wanted: unknown = name;
  if (alias !== undefined) {
    const own = isRecord(alias) ? known.find((of) => Object.hasOwn(alias, of)) : undefined;
    wanted = own !== undefined && isRecord(alias) ? alias[own] : undefined;
    if (wanted === undefined) {
      const message = `the alias ${quoteName(name)} has no field for the rule ${quoteName(reference)}`;
      findings.problems.push({ path: [...PATH, 'aliases', name], message });
      return undefined;
    }
  }
  const field = typeof wanted === 'string' && wanted !== '' ? searchField(wanted) : undefined;
  if (field === undefined) {
    findings.problems.push({ path, message: `expected the name of a field, found ${describeValue(wanted)}` });
  }
  return field;
}
