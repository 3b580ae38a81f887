import { type DocumentPath, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { type Detections, parseCondition } from './condition.ts';
import { countTests } from './count-tests.ts';
import { readItem } from './detection-item.ts';
import { type Findings, note, refuse } from './findings.ts';
import { joined, type Search } from './search.ts';

/** More than any real rule has; it bounds the cost of name patterns in a condition. */
const MAXIMUM_DETECTIONS = 500;
/** The most tests in a condition, counting each mention of a detection: no query holds more. */
const MAXIMUM_TESTS = 10_000;

/**
 * The condition of the detections at a path of a document; of several conditions any may match. Undefined if they are
 * invalid or have no equivalent; the findings say why.
 */
export function readDetection(
  detection: unknown,
  findings: Findings,
  path: DocumentPath = ['detection'],
  mostTests = MAXIMUM_TESTS,
): Search | undefined {
  if (!isRecord(detection)) {
    findings.problems.push({ path, message: `expected detections, found ${describeValue(detection)}` });
    return undefined;
  }
  const { condition, timeframe, ...rest } = detection;
  if (timeframe !== undefined) {
    const hint = 'write a correlation, such as event_count';
    refuse(findings, 'timeframe', [...path, 'timeframe'], 'a timeframe is no longer part of Sigma', { hint });
  }
  const names = Object.keys(rest);
  if (names.length > MAXIMUM_DETECTIONS) {
    findings.problems.push({ path, message: `a rule has at most ${MAXIMUM_DETECTIONS} detections` });
    return undefined;
  }
  const searches = new Map<string, { search: Search; tests: number }>();
  const before = findings.problems.length + findings.reasons.length;
  for (const name of names) {
    const search = readSearch(rest[name], [...path, name], findings);
    searches.set(name, { search: search ?? { kind: 'or', operands: [] }, tests: countTests(search) });
  }
  const detections: Detections = { searches, used: new Set(), tests: 0, mostTests };
  const search = readConditions(condition, [...path, 'condition'], detections, findings);
  if (findings.problems.length + findings.reasons.length > before) return undefined;
  for (const name of names) {
    if (!detections.used.has(name)) note(findings, `the condition does not use the detection ${quoteName(name)}`);
  }
  return search;
}

function readConditions(
  condition: unknown,
  path: DocumentPath,
  detections: Detections,
  findings: Findings,
): Search | undefined {
  const conditions: readonly unknown[] = Array.isArray(condition) ? condition : [condition];
  if (conditions.length === 0) findings.problems.push({ path, message: 'expected a condition, found an empty list' });
  const searches = conditions.map((text, index) => {
    const at = Array.isArray(condition) ? [...path, index] : path;
    if (typeof text === 'string') return parseCondition(text, detections, findings, at);
    const message = text === undefined ? 'missing: condition' : `expected a condition, found ${describeValue(text)}`;
    findings.problems.push({ path: at, message, hint: 'write condition: selection' });
    return undefined;
  });
  return searches.every((search) => search !== undefined) && searches.length > 0 ? joined('or', searches) : undefined;
}

/** A map requires all of its entries, a list one of its items, and a text matches anywhere in the event. */
function readSearch(value: unknown, path: DocumentPath, findings: Findings): Search | undefined {
  if (isRecord(value)) return readMap(value, path, findings);
  if (!Array.isArray(value)) return readItem('', value, path, findings);
  if (value.length === 0) {
    findings.problems.push({ path, message: 'expected at least one item, found an empty list' });
    return undefined;
  }
  if (!value.some((item) => isRecord(item))) return readItem('', value, path, findings);
  const items = value.map((item, index) =>
    isRecord(item) ? readMap(item, [...path, index], findings) : readItem('', item, [...path, index], findings),
  );
  return items.every((item) => item !== undefined) ? joined('or', items) : undefined;
}

function readMap(value: Readonly<Record<string, unknown>>, path: DocumentPath, findings: Findings): Search | undefined {
  const items = Object.entries(value).map(([key, of]) => readItem(key, of, [...path, key], findings));
  if (items.length === 0) findings.problems.push({ path, message: 'expected a field with a value, found none' });
  return items.length > 0 && items.every((item) => item !== undefined) ? joined('and', items) : undefined;
}
