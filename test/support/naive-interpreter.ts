/**
 * What predicates and expressions mean, written as plainly as it can be from their definitions: over sets of values, without slots,
 * merging, indexes or order, and by other means than src/ wherever there are any. The oracle of the property tests.
 */
import ipaddr from 'ipaddr.js';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import type { Value } from '../../src/query/predicate/function-row.ts';
import type { Expression, LikePiece, Predicate, Test } from '../../src/query/predicate/predicate.ts';

/** What one event holds: the values of each field. */
export type Read = (field: Field) => FieldValues;

export function naiveMatches(predicate: Predicate, read: Read): boolean {
  switch (predicate.kind) {
    case 'any':
      return setOf(read(predicate.field)).some((value) => passes(predicate.test, value, predicate.field.type));
    case 'exists':
      return read(predicate.field) !== undefined;
    case 'constant':
      return predicate.value;
    case 'not':
      return !naiveMatches(predicate.operand, read);
    case 'and':
      return predicate.operands.every((operand) => naiveMatches(operand, read));
    case 'or':
      return predicate.operands.some((operand) => naiveMatches(operand, read));
    case 'holds':
      return choices(predicate.expression, read).some(
        (chosen) => naiveValue(predicate.expression, read, chosen) === true,
      );
  }
}

/** The value of an expression where a field has the value chosen for it. */
function naiveValue(expression: Expression, read: Read, chosen: ReadonlyMap<Field, Value>): Value {
  const value = (of: Expression) => naiveValue(of, read, chosen);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'field':
      return chosen.get(expression.field) ?? null;
    case 'matches':
      return naiveMatches(expression.predicate, read);
    case 'and':
      return kleene(expression.operands.map(value), false);
    case 'or':
      return kleene(expression.operands.map(value), true);
    case 'not': {
      const operand = value(expression.operand);
      return operand === true ? false : operand === false ? true : null;
    }
    case 'isNull':
      return expression.operand.kind === 'field'
        ? read(expression.operand.field) === undefined
        : value(expression.operand) === null;
    case 'negate': {
      const operand = value(expression.operand);
      return typeof operand === 'number' ? 0 - operand : null;
    }
    case 'arithmetic':
      return calculated(expression.operator, value(expression.left), value(expression.right));
    case 'compare': {
      const order = orderOf(expression.left, expression.right, value);
      if (order === null) return null;
      const isOrdered = order !== 'different' && typeof value(expression.left) !== 'boolean';
      if (expression.operator === '==') return order === 0;
      if (expression.operator === '!=') return order !== 0;
      return isOrdered ? satisfies(expression.operator, order) : null;
    }
    case 'in': {
      const each = expression.list.map((item) => {
        const order = orderOf(expression.operand, item, value, expression.list);
        return order === null ? null : order === 0;
      });
      // Equal to itself: a value that can be compared at all, as an address where it is one of addresses.
      const isComparable = orderOf(expression.operand, expression.operand, value, expression.list) !== null;
      return isComparable ? kleene(each, true) : null;
    }
    case 'test':
      return tested(expression.operand, expression.test, value(expression.operand));
    case 'call':
      return expression.function.evaluate(
        expression.arguments.map(value),
        { spend: () => true },
        { caseless: expression.caseless === true, isDouble: false },
      );
  }
}

/** All choices of one value a field, the first field's values in the innermost loop; at most 100. */
function choices(expression: Expression, read: Read): readonly ReadonlyMap<Field, Value>[] {
  const fields = [...mentioned(expression)];
  let all: ReadonlyMap<Field, Value>[] = [new Map()];
  for (const field of fields.reverse()) {
    const options = setOf(read(field)).map((each) => typed(each, field.type));
    all = all.flatMap((one) =>
      (options.length === 0 ? [null] : options).map((each) => new Map([...one, [field, each]])),
    );
  }
  return all.slice(0, 100);
}

function mentioned(part: Expression): Set<Field> {
  switch (part.kind) {
    case 'literal':
    case 'matches':
      return new Set();
    case 'field':
      return new Set([part.field]);
    case 'isNull':
      return part.operand.kind === 'field' ? new Set() : mentioned(part.operand);
    case 'not':
    case 'negate':
    case 'test':
      return mentioned(part.operand);
    case 'and':
    case 'or':
      return union(part.operands);
    case 'compare':
    case 'arithmetic':
      return union([part.left, part.right]);
    case 'in':
      return union([part.operand, ...part.list]);
    case 'call':
      return union(part.arguments);
  }
}

function union(parts: readonly Expression[]): Set<Field> {
  return new Set(parts.flatMap((part) => [...mentioned(part)]));
}

function kleene(values: readonly Value[], decisive: boolean): Value {
  if (values.includes(decisive)) return decisive;
  return values.every((value) => value === !decisive) ? !decisive : null;
}

function calculated(operator: '+' | '-' | '*' | '/' | '%', left: Value, right: Value): Value {
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  if ((operator === '/' || operator === '%') && right === 0) return null;
  const quotient = left / right;
  const integer = quotient < 0 ? Math.ceil(quotient) : Math.floor(quotient);
  const result = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': Number.isInteger(left) && Number.isInteger(right) ? integer : quotient,
    '%': left % right,
  }[operator];
  return Number.isFinite(result) ? result : null;
}

/** Below, at or above 0 as the left is before, at or after the right; null if they cannot be compared. */
function orderOf(
  left: Expression,
  right: Expression,
  value: (of: Expression) => Value,
  others: readonly Expression[] = [],
): number | 'different' | null {
  const isAddress = [left, right, ...others].some((each) => each.kind === 'field' && each.field.type === 'ip');
  const [a, b] = [value(left), value(right)];
  if (a === null || b === null || typeof a !== typeof b) return null;
  if (!isAddress) return a === b ? 0 : typeof a === 'boolean' ? 'different' : a < b ? -1 : 1;
  const [one, two] = [bytesOf(String(a)), bytesOf(String(b))];
  if (typeof a !== 'string' || one === undefined || two === undefined) return null;
  return byteOrder(one, two);
}

function tested(operand: Expression, chosen: Test, value: Value): Value {
  if (value === null) return null;
  const typeOfValue = typeof value === 'string' ? 'keyword' : typeof value === 'number' ? 'integer' : 'boolean';
  const known = operand.kind === 'field' ? operand.field.type : typeOfValue;
  const asAddress = operand.kind === 'field' ? known === 'ip' : chosen.kind === 'cidr';
  if (!asAddress) return passes(chosen, value, known);
  return typeof value === 'string' && bytesOf(value) !== undefined ? passes(chosen, value, 'ip') : null;
}

function typed(value: FieldValue | undefined, type: FieldType): Value {
  if (value === undefined) return null;
  switch (type) {
    case 'keyword':
      return `${value}`;
    case 'ip':
      return typeof value === 'string' ? value : null;
    case 'boolean':
      return `${value}` === 'true' ? true : `${value}` === 'false' ? false : null;
    case 'integer':
    case 'date':
      if (typeof value === 'string' && /^(0|-?[1-9]\d*)$/.test(value)) return Number(value);
      return typeof value === 'number' ? value : null;
  }
}

export function setOf(values: FieldValues): readonly FieldValue[] {
  if (values === undefined) return [];
  if (typeof values !== 'object') return [values];
  return Array.isArray(values) ? values : [];
}

function passes(chosen: Test, value: FieldValue, type: FieldType): boolean {
  if (type === 'ip') return passesAddress(chosen, String(value));
  switch (chosen.kind) {
    case 'equals': {
      const [one, two] = [String(value), String(chosen.value)];
      return one === two || (chosen.caseless === true && upperAscii(one) === upperAscii(two));
    }
    case 'wildcard': {
      const pieces = chosen.parts.flatMap((literal): LikePiece[] => ['any', { literal }]).slice(1);
      return type === 'keyword' && patternOf(pieces, chosen.caseless).test(cased(String(value), chosen.caseless));
    }
    case 'like':
      return (
        type === 'keyword' && patternOf(chosen.pieces, chosen.caseless).test(cased(String(value), chosen.caseless))
      );
    case 'regex': {
      // Sources of the tests are in the part that both syntaxes and JavaScript have in common.
      const source = chosen.syntax === 'lucene' ? `^(?:${chosen.source})$` : chosen.source;
      return (
        type === 'keyword' &&
        new RegExp(cased(source, chosen.caseless), 'su').test(cased(String(value), chosen.caseless))
      );
    }
    case 'range': {
      if (type === 'boolean') return false;
      if (type === 'keyword') return satisfies(chosen.operator, compared(String(value), String(chosen.value)));
      const number = typed(value, type);
      return (
        typeof number === 'number' &&
        typeof chosen.value === 'number' &&
        satisfies(chosen.operator, compared(number, chosen.value))
      );
    }
    case 'cidr':
      return false;
  }
}

function compared<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function patternOf(pieces: readonly LikePiece[], caseless: boolean | undefined): RegExp {
  const source = pieces.map((piece) =>
    piece === 'any'
      ? '.*'
      : piece === 'one'
        ? '.'
        : cased(piece.literal, caseless).replace(/[^\w\s]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`),
  );
  return new RegExp(`^${source.join('')}$`, 'su');
}

function cased(text: string, caseless: boolean | undefined): string {
  return caseless ? upperAscii(text) : text;
}

function upperAscii(text: string): string {
  return [...text].map((character) => (/[a-z]/.test(character) ? character.toUpperCase() : character)).join('');
}

function passesAddress(chosen: Test, value: string): boolean {
  const address = bytesOf(value);
  if (address === undefined) return false;
  switch (chosen.kind) {
    case 'equals':
      return bytesOf(String(chosen.value))?.every((byte, index) => byte === address[index]) === true;
    case 'range': {
      const bound = bytesOf(String(chosen.value));
      return bound !== undefined && satisfies(chosen.operator, byteOrder(address, bound));
    }
    case 'cidr': {
      const [text = '', length = ''] = chosen.cidr.split('/');
      const bits = Number(length) + (text.includes(':') ? 0 : 96);
      return binary(address).slice(0, bits) === binary(bytesOf(text) ?? []).slice(0, bits);
    }
    case 'wildcard':
    case 'like':
    case 'regex':
      return false;
  }
}

function satisfies(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  if (order === 0) return operator.endsWith('=');
  return operator.startsWith(order < 0 ? '<' : '>');
}

function byteOrder(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((byte, at) => byte !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

/** The 16 bytes of an address, an IPv4 address as the IPv6 address that it is mapped to. */
function bytesOf(text: string): readonly number[] | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.parse(text);
  return (address instanceof ipaddr.IPv4 ? address.toIPv4MappedAddress() : address).toByteArray();
}

function binary(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
}
