import type { CompareOperator, ExpressionOf } from './ast.ts';
import { type Compiled, CompileError, quoting } from './compiled.ts';
import { commonType, type DataType, isNumeric, isSpan, typeName } from './data-type.ts';
import { castLiteral, convertAll, MULTI_VALUE } from './operand.ts';
import type { Row, Run } from './run.ts';
import type { Span } from './token.ts';
import { compareScalars, isMany, type Scalar, type Value } from './value.ts';

/** The types that a quoted text converts to when compared with a value of them. */
const FROM_TEXT: ReadonlySet<DataType> = new Set<DataType>(['date', 'ip', 'version', 'boolean']);

type Decide = (order: number) => boolean;

const DECISIONS: Readonly<Record<CompareOperator, Decide>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/**
 * `left operator right`: null if a side is null or has several values. Both types must match, but all number types
 * match each other. A quoted text is read as the type of the other side. As in Elasticsearch, a literal `null` next to
 * a typed value is a mistake.
 * @throws CompileError
 */
export function compileComparison(
  { operator, start, end }: ExpressionOf<'compare'>,
  writtenLeft: Compiled,
  writtenRight: Compiled,
): Compiled {
  const [left, right] = alignTexts(writtenLeft, writtenRight);
  requireComparable(operator, left, right, { start, end });
  const type = commonType(left.type, right.type) ?? 'keyword';
  return compare(operator, left, right, type, { start, end });
}

function compare(operator: CompareOperator, left: Compiled, right: Compiled, type: DataType, place: Span): Compiled {
  const [readLeft, readRight] = numbersAside(left, right, type);
  const decide = DECISIONS[operator];
  const equality = operator === '==' || operator === '!=';
  const wanted = operator === '==';
  const evaluate = (row: Row, run: Run): Value => {
    const a = readLeft(row, run);
    if (a === null) return null;
    const b = readRight(row, run);
    if (b === null) return null;
    if (isMany(a) || isMany(b)) return run.warn(place, MULTI_VALUE);
    if (equality && type !== 'version') return (a === b) === wanted;
    return decide(compareScalars(a, b, type));
  };
  return { type: 'boolean', evaluate, constant: left.constant && right.constant, ...place };
}

/** Both sides in one type, so 64-bit longs compare exactly. */
function numbersAside(
  left: Compiled,
  right: Compiled,
  type: DataType,
): readonly [Compiled['evaluate'], Compiled['evaluate']] {
  if (!isNumeric(type)) return [left.evaluate, right.evaluate];
  return [toNumbers(left, type), toNumbers(right, type)];
}

function toNumbers(side: Compiled, type: DataType): Compiled['evaluate'] {
  return side.type === 'null' ? side.evaluate : convertAll(side, type);
}

/** Converts a literal text next to a date, an address, a version or a boolean. */
export function alignTexts(left: Compiled, right: Compiled): readonly [Compiled, Compiled] {
  if (isLiteralText(right) && FROM_TEXT.has(left.type)) return [left, castLiteral(right, left.type)];
  if (isLiteralText(left) && FROM_TEXT.has(right.type)) return [castLiteral(left, right.type), right];
  return [left, right];
}

function isLiteralText(operand: Compiled): boolean {
  return operand.type === 'keyword' && operand.literal !== undefined;
}

function requireComparable(operator: string, left: Compiled, right: Compiled, place: Span): void {
  if (isSpan(left.type) || isSpan(right.type)) {
    const hint = 'use the span with a date, for example NOW() - 5 minutes';
    throw new CompileError(place, quoting`[${place}] compares a time span, which is not a value`, hint);
  }
  if (isNumeric(left.type) && isNumeric(right.type)) return;
  if (left.type !== right.type) {
    const kind = isNumeric(left.type) ? 'numeric' : typeName(left.type);
    const message = quoting`first argument of [${place}] is [${kind}] so second argument must also be [${kind}] but was [${typeName(right.type)}]`;
    throw new CompileError(place, message, hintFor(left, right));
  }
  if (left.type === 'boolean' && operator !== '==' && operator !== '!=') {
    throw new CompileError(place, quoting`[${place}] compares booleans, but they have no order`, 'write == or !=');
  }
}

function hintFor(left: Compiled, right: Compiled): string | undefined {
  if (left.type === 'null' || right.type === 'null') return 'write IS NULL or IS NOT NULL';
  if (left.type === 'keyword' && isNumeric(right.type)) return 'write the value in quotation marks';
  return isNumeric(left.type) && right.type === 'keyword' ? 'write the number without quotation marks' : undefined;
}

/**
 * `operand IN (…)`: true if a value of the list equals the operand; null if none does and one is null. A list of one
 * value is an equality, with the same strict types.
 * @throws CompileError
 */
export function compileIn(
  { start, end }: ExpressionOf<'in'>,
  written: Compiled,
  writtenList: readonly Compiled[],
): Compiled {
  const place = { start, end };
  const [only] = writtenList;
  if (only !== undefined && writtenList.length === 1) {
    const [left, right] = alignTexts(written, only);
    requireComparable('==', left, right, place);
    return compare('==', left, right, commonType(left.type, right.type) ?? 'keyword', place);
  }
  const list = writtenList.map((item) => alignTexts(written, item)[1]);
  const type = typeOfList(written, list, place);
  const operand = isNumeric(type) ? toNumbers(written, type) : written.evaluate;
  const constant = written.constant && list.every((item) => item.constant);
  const isNothing = written.type === 'null';
  const { sought, others, holdsNull } = sortList(list, type);
  const evaluate = (row: Row, run: Run): Value => {
    const value = isNothing ? null : operand(row, run);
    if (value === null) return null;
    if (isMany(value)) return run.warn(place, MULTI_VALUE);
    if (sought.has(value)) return true;
    let known = !holdsNull;
    for (const other of others) {
      const item = other(row, run);
      if (isMany(item)) run.warn(place, MULTI_VALUE);
      if (item === null || isMany(item)) known = false;
      else if (item === value || (type === 'version' && compareScalars(item, value, type) === 0)) return true;
    }
    return known ? false : null;
  };
  return { type: 'boolean', evaluate, constant, ...place };
}

function typeOfList(operand: Compiled, list: readonly Compiled[], place: Span): DataType {
  let type = operand.type;
  for (const [index, item] of list.entries()) {
    const common = isSpan(item.type) ? undefined : commonType(type, item.type);
    if (common === undefined) {
      const message = quoting`argument ${index + 2} of [${place}] must be [${typeName(operand.type)}], found value [${item}] type [${typeName(item.type)}]`;
      throw new CompileError(item, message, hintFor(operand, item));
    }
    type = common;
  }
  return type;
}

/** Literals are looked up in a set, whatever their number. */
function sortList(list: readonly Compiled[], type: DataType) {
  const sought = new Set<Scalar>();
  const others: Compiled['evaluate'][] = [];
  let holdsNull = false;
  for (const item of list) {
    const value = item.literal?.value;
    if (value === null) holdsNull = true;
    else if (value === undefined || isMany(value) || type === 'version') others.push(toType(item, type));
    else sought.add(numberOfType(value, type));
  }
  return { sought, others, holdsNull };
}

function toType(item: Compiled, type: DataType): Compiled['evaluate'] {
  return isNumeric(type) ? toNumbers(item, type) : item.evaluate;
}

function numberOfType(value: Scalar, type: DataType): Scalar {
  if (type === 'double') return Number(value);
  return type === 'long' && typeof value === 'number' ? BigInt(value) : value;
}
