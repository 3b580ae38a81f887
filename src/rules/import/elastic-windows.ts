import { type DocumentPath, type DocumentProblem, describeValue, isRecord } from '../document-problem.ts';
import { formatDuration } from '../duration.ts';
import { parseLookBack } from './date-math.ts';

type Values = Readonly<Record<string, unknown>>;

/** Elastic's defaults for a rule's schedule. */
export const DEFAULT_FROM = 'now-6m';
export const DEFAULT_INTERVAL = '5m';

/** The part of `spec` for a rule type, and its problems, with paths below the rule's table. */
export interface SpecReading {
  readonly spec: Values;
  readonly problems: readonly DocumentProblem[];
  readonly notes: readonly string[];
}

/** What is remembered and for how long: the windows that follow from a rule's schedule in Elastic. */
export function readWindows(rule: Values): SpecReading {
  switch (rule.type) {
    case 'new_terms':
      return readNewTerms(rule);
    case 'threshold':
      return readThreshold(rule);
    case 'eql':
    case 'esql':
      return readSearch(rule, (window) => ({ window }));
    default:
      return { spec: {}, problems: [], notes: [] };
  }
}

/** The settings of new_terms: a table of field and value pairs (TOML), or two flat settings (NDJSON). */
function readNewTerms(rule: Values): SpecReading {
  const table = isRecord(rule.new_terms) ? rule.new_terms : undefined;
  const starts = Array.isArray(table?.history_window_start) ? table.history_window_start : [];
  const fields = table === undefined ? rule.new_terms_fields : table.value;
  const start: unknown =
    table === undefined ? rule.history_window_start : isRecord(starts[0]) ? starts[0].value : undefined;
  // An invalid window is reported here; a valid placeholder keeps the schema from reporting it again.
  const wrong = (path: DocumentPath, message: string): SpecReading => ({
    spec: { newTerms: { fields, window: '7d' } },
    problems: [{ path, message }],
    notes: [],
  });
  const path = historyPath(rule);
  const micros = typeof start === 'string' ? parseLookBack(start) : undefined;
  if (micros === undefined)
    return wrong(path, `expected a start of the history such as now-7d, found ${describeValue(start)}`);
  const lookBack = lookBackOf(rule);
  if (lookBack === undefined) return wrong(['from'], wrongFrom(rule));
  if (micros <= lookBack) {
    return wrong(
      path,
      `the history starts at ${start}, but it must start before the search, which starts at ${fromOf(rule)}`,
    );
  }
  return { spec: { newTerms: { fields, window: formatDuration(micros) } }, problems: [], notes: [] };
}

/** The path of the start of the history, in either form. */
export function historyPath(rule: Values): DocumentPath {
  return isRecord(rule.new_terms) ? ['new_terms', 'history_window_start', 0, 'value'] : ['history_window_start'];
}

/**
 * A threshold counts the events of one search, so its window is as long as the search. It has one field, several or
 * none; of several cardinalities Kibana takes the first (`threshold/build_threshold_aggregation.ts`).
 */
function readThreshold(rule: Values): SpecReading {
  const { threshold } = rule;
  if (!isRecord(threshold)) {
    const message = `expected a table with field and value, found ${describeValue(threshold)}`;
    return { spec: { threshold: { value: 1 } }, problems: [{ path: ['threshold'], message }], notes: [] };
  }
  const { field, value, cardinality } = threshold;
  const fields = (Array.isArray(field) ? field : [field]).filter((name) => name !== undefined && name !== '');
  const counted = Array.isArray(cardinality) ? cardinality : cardinality === undefined ? [] : [cardinality];
  const reading = readSearch(rule, (window) => ({
    threshold: {
      field: fields,
      value,
      cardinality: counted.slice(0, 1).map((one) => (isRecord(one) ? { field: one.field, value: one.value } : one)),
      window,
    },
  }));
  const notes = counted.length > 1 ? ['only the first of its cardinalities counts, as in Elastic'] : [];
  return { ...reading, notes };
}

/** How far one run of the rule looks back, as a window. */
function readSearch(rule: Values, toSpec: (window: string) => Values): SpecReading {
  const lookBack = lookBackOf(rule);
  if (lookBack === undefined || lookBack === 0) {
    const spec = toSpec(DEFAULT_FROM.slice('now-'.length));
    return { spec, problems: [{ path: ['from'], message: wrongFrom(rule) }], notes: [] };
  }
  return { spec: toSpec(formatDuration(lookBack)), problems: [], notes: [] };
}

function lookBackOf(rule: Values): number | undefined {
  const from = fromOf(rule);
  return typeof from === 'string' ? parseLookBack(from) : undefined;
}

function fromOf({ from }: Values): unknown {
  return from ?? DEFAULT_FROM;
}

function wrongFrom(rule: Values): string {
  return `expected a start of the search such as ${DEFAULT_FROM}, found ${describeValue(fromOf(rule))}`;
}
