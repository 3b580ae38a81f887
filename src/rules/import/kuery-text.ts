/** KQL text for conditions from other forms: each function returns a complete condition. */

export const EVERY_EVENT = '*: *';
export const NO_EVENT = 'not *: *';

/** The field has exactly this value. */
export function kueryEquals(field: string, value: string): string {
  return `${word(field)}: ${quoted(value)}`;
}

export function kueryOneOf(field: string, values: readonly string[]): string {
  const [only] = values;
  if (only === undefined) return NO_EVENT;
  return values.length === 1 ? kueryEquals(field, only) : `${word(field)}: (${values.map(quoted).join(' or ')})`;
}

export function kueryExists(field: string): string {
  return `${word(field)}: *`;
}

/** @param parts the literal pieces between the asterisks, at least two */
export function kueryWildcard(field: string, parts: readonly string[]): string {
  return `${word(field)}: ${parts.map(escaped).join('*')}`;
}

export function kueryCompare(field: string, operator: '<' | '<=' | '>' | '>=', value: string): string {
  return `${word(field)} ${operator} ${quoted(value)}`;
}

export function kueryNot(condition: string): string {
  // Only a negated condition begins like this: other parentheses are escaped or come first.
  if (condition.startsWith('not (')) return condition.slice('not ('.length, -1);
  return condition === EVERY_EVENT ? NO_EVENT : condition === NO_EVENT ? EVERY_EVENT : `not (${condition})`;
}

/** All of them; without any, every event. */
export function kueryAnd(conditions: readonly string[]): string {
  return joined(conditions, 'and', EVERY_EVENT);
}

/** One of them; without any, no event. */
export function kueryOr(conditions: readonly string[]): string {
  return joined(conditions, 'or', NO_EVENT);
}

function joined(conditions: readonly string[], by: 'and' | 'or', none: string): string {
  const [only = none] = conditions;
  return conditions.length < 2 ? only : conditions.map((condition) => `(${condition})`).join(` ${by} `);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function word(text: string): string {
  return /^(?:and|or|not)$/i.test(text) ? `\\${text}` : escaped(text);
}

function escaped(text: string): string {
  return text
    .replace(/[\\():<>"*{} ]/g, '\\$&')
    .replace(/[\t\r\n\u00a0]/g, (space) => `\\u${space.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
