import { nearest } from '../../../query/nearest.ts';
import { type DocumentPath, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { searchField } from './field-mapping.ts';
import { type Findings, refuse } from './findings.ts';
import type { RelatedRule } from './related-rule.ts';
import type { SearchField } from './search.ts';

const PATH: DocumentPath = ['correlation', 'condition'];
/** Operators for a minimum count: the result is known the moment it is reached. */
const LEAST = ['gt', 'gte'];
/**
 * The result of the others is known only when the time is over; for a rule that never matches, `lt` would have no such
 * moment.
 */
const REFUSED = ['lt', 'lte', 'eq', 'neq'];
const KEYS = [...LEAST, ...REFUSED, 'field'];

/** The required count, and the field if distinct values count. Undefined if the findings have a problem. */
export function readCount(
  type: 'event_count' | 'value_count',
  condition: unknown,
  findings: Findings,
): { readonly value: number; readonly distinct?: SearchField } | undefined {
  if (!isRecord(condition)) {
    const hint = 'write condition: { gte: 10 }';
    const message =
      condition === undefined ? 'missing: condition' : `expected a condition, found ${describeValue(condition)}`;
    findings.problems.push({ path: condition === undefined ? ['correlation'] : PATH, message, hint });
    return undefined;
  }
  for (const key of Object.keys(condition)) {
    if (REFUSED.includes(key)) {
      const message = `a maximum or exact count is not supported: ${key}`;
      refuse(findings, key, [...PATH, key], message, { hint: 'write gte or gt' });
    } else if (!KEYS.includes(key)) {
      const near = nearest(key, KEYS);
      const hint = near === undefined ? `known keys: ${KEYS.join(', ')}` : `did you mean ${near}?`;
      findings.problems.push({ path: [...PATH, key], message: `unknown key ${quoteName(key)}`, on: 'key', hint });
    }
  }
  const [operator = 'gte', another] = LEAST.filter((key) => Object.hasOwn(condition, key));
  const number = condition[operator];
  if (another !== undefined) findings.problems.push({ path: PATH, message: 'gt and gte exclude each other' });
  const value = typeof number === 'number' ? number + (operator === 'gt' ? 1 : 0) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 1) {
    if (!REFUSED.some((key) => Object.hasOwn(condition, key))) {
      const message = `expected a whole number above ${operator === 'gt' ? '-1' : '0'}, found ${describeValue(number)}`;
      findings.problems.push({ path: number === undefined ? PATH : [...PATH, operator], message });
    }
    return undefined;
  }
  const distinct = readField(type, condition.field, findings);
  return { value, ...(distinct !== undefined && { distinct }) };
}

function readField(type: 'event_count' | 'value_count', field: unknown, findings: Findings): SearchField | undefined {
  const path = [...PATH, 'field'];
  if (type === 'event_count') {
    if (field !== undefined) {
      const message = 'a correlation of type event_count counts events and takes no field';
      findings.problems.push({ path, message, on: 'key', hint: 'write type: value_count' });
    }
    return undefined;
  }
  if (Array.isArray(field) && field.length > 1) {
    refuse(findings, 'field', path, 'counting distinct values of several fields together is not supported');
    return undefined;
  }
  const name: unknown = Array.isArray(field) ? field[0] : field;
  const found = typeof name === 'string' && name !== '' ? searchField(name) : undefined;
  if (found === undefined) {
    const message = `expected the field whose values count, found ${describeValue(name)}`;
    findings.problems.push({ path: field === undefined ? PATH : path, message });
  }
  return found;
}

/** Reports a temporal correlation that requires anything but all of its rules. */
export function isWholeCondition(condition: unknown, rules: readonly RelatedRule[], findings: Findings): void {
  if (condition === undefined || condition === null) return;
  if (isRecord(condition) && Object.keys(condition).length === 1) {
    const { gte, gt, eq } = condition;
    const number = gte ?? eq ?? (typeof gt === 'number' ? gt + 1 : undefined);
    if (number === rules.length) return;
  }
  if (typeof condition === 'string') {
    const names = new Set(condition.trim().split(/\s+and\s+/i));
    const known = new Set(rules.flatMap(({ aliases }) => aliases));
    if (names.isSubsetOf(known) && rules.every(({ aliases }) => aliases.some((name) => names.has(name)))) return;
  }
  const message = 'a temporal correlation must require all of its rules';
  refuse(findings, 'condition', PATH, message, {
    hint: 'remove the condition: all rules must then match',
  });
}
