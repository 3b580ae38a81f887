import { type DocumentPath, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { readDetection } from './detections.ts';
import { type Findings, note, refuse } from './findings.ts';
import type { Names } from './names.ts';
import { joined, type Search } from './search.ts';
import type { SigmaReading } from './sigma-reading.ts';

const RULES: DocumentPath = ['filter', 'rules'];
/** The most rules that the filters of one load may change, counting repeats. */
const MOST_CHANGES = 5_000;
/** The most tests in one filter, because each of its rules gets them. */
const MOST_TESTS = 100;

/**
 * What a filter leaves of the events of its rules. Undefined where something is wrong with it or has no equal, which
 * the findings then say. A condition that does not begin with `not` is refused: Sigma's specification and its library
 * read it in opposite ways.
 * @see pySigma `SigmaFilter.apply_on_rule`: the condition of the rule, and that of the filter; https://sigmahq.io
 * filters
 *   specification v2.0 has an example in which the condition describes what to leave out
 */
export function readFilter(filter: unknown, findings: Findings): Search | undefined {
  if (!isRecord(filter)) {
    findings.problems.push({ path: ['filter'], message: `expected a filter, found ${describeValue(filter)}` });
    return undefined;
  }
  const { rules: _, ...detection } = filter;
  const search = readDetection(detection, findings, ['filter'], MOST_TESTS);
  const saysNot = typeof detection.condition === 'string' && /^[\s(]*not\b/i.test(detection.condition);
  if (search === undefined || (saysNot && isExclusion(search))) return search;
  const message = 'a filter condition without a leading `not` is ambiguous: it may keep these events or exclude them';
  refuse(findings, 'filter', ['filter', 'condition'], message, {
    hint: 'to exclude them, write condition: not selection',
  });
  return undefined;
}

function isExclusion(search: Search): boolean {
  return search.kind === 'not' || (search.kind === 'and' && search.operands.every(isExclusion));
}

/** The documents, with the conditions of filters added to their rules. Problems of a filter go to its findings. */
export function applyFilters(readings: readonly SigmaReading[], names: Names): readonly SigmaReading[] {
  const filters = new Map<number, SigmaReading[]>();
  let changes = 0;
  for (const filter of readings) {
    if (filter.role !== 'filter' || filter.search === undefined) continue;
    for (const index of targetsOf(filter, readings, names)) {
      changes += 1;
      filters.set(index, [...(filters.get(index) ?? []), filter]);
    }
    if (changes > MOST_CHANGES) {
      const message = `the filters of this load change more than ${MOST_CHANGES} rules up to here; later filters do not apply`;
      filter.findings.problems.push({ path: RULES, message });
      break;
    }
  }
  return readings.map((reading, index) => {
    const own = filters.get(index);
    if (own === undefined || reading.search === undefined) return reading;
    for (const { value } of own)
      note(reading.findings, `the filter ${describeValue(value.title ?? 'without a title')} applies`);
    const left = own.flatMap(({ search }) => search ?? []);
    return { ...reading, search: joined('and', [reading.search, ...left]) };
  });
}

/** The positions of a filter's rules; correlations get filters through their rules. */
function targetsOf(
  { value, findings }: SigmaReading,
  readings: readonly SigmaReading[],
  names: Names,
): readonly number[] {
  const said: unknown = isRecord(value.filter) ? value.filter.rules : undefined;
  const listed: readonly unknown[] = Array.isArray(said) ? said : [said];
  if ((typeof said === 'string' && /^(?:any|all)$/i.test(said)) || listed.length === 0) {
    return readings.flatMap(({ role }, index) => (role === 'rule' ? [index] : []));
  }
  const found = listed.map((reference, position): readonly number[] => {
    const path = Array.isArray(said) ? [...RULES, position] : RULES;
    if (typeof reference !== 'string') {
      const message = `expected any, or the names or ids of rules, found ${describeValue(reference)}`;
      findings.problems.push({ path: said === undefined ? ['filter'] : path, message });
      return [];
    }
    const rules = names.find(reference).filter((index) => readings[index]?.role === 'rule');
    if (rules.length === 0) {
      const message = `no rule with the name or the id ${quoteName(reference)} is loaded`;
      findings.problems.push({ path, message, hint: names.hint(reference) });
    }
    return rules;
  });
  return findings.problems.length > 0 ? [] : [...new Set(found.flat())];
}
