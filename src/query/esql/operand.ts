import { type Compiled, CompileError, quoting } from './compiled.ts';
import { convert } from './convert.ts';
import { type DataType, isNumeric, typeName } from './data-type.ts';
import type { Row, Run } from './run.ts';
import { fromList, isMany, type Scalar, toList, type Value } from './value.ts';

/** Reads a slot; reads the document if the slot has not been read yet. */
export function readSlot(slot: number): (row: Row) => Value {
  return (row) => {
    const known = row.values[slot];
    if (known !== undefined) return known;
    const value = row.origin?.read(slot) ?? null;
    row.values[slot] = value;
    return value;
  };
}

/** The single value of an operand: null, with a warning, if it has several. */
export function single(operand: Compiled): (row: Row, run: Run) => Scalar | null {
  const { evaluate } = operand;
  return (row, run) => {
    const value = evaluate(row, run);
    return isMany(value) ? run.warn(operand, MULTI_VALUE) : value;
  };
}

export const MULTI_VALUE = 'single-value function encountered multi-value';

/** A literal in another type, converted when the query is compiled. @throws CompileError if it cannot be converted */
export function castLiteral(operand: Compiled, type: DataType): Compiled {
  const values: Scalar[] = [];
  for (const value of toList(operand.literal?.value ?? null)) {
    const converted = convert(value, operand.type, type);
    if ('fault' in converted) {
      const message = quoting`Cannot convert string [${operand}] to [${typeName(type)}]: ${converted.fault}`;
      throw new CompileError(operand, message, EXAMPLES[type]);
    }
    values.push(converted.value);
  }
  const value = fromList(values);
  return { ...operand, type, evaluate: () => value, literal: { value } };
}

const EXAMPLES: Readonly<Partial<Record<DataType, string>>> = {
  date: 'write a date such as "2026-01-31" or "2026-01-31T08:00:00Z"',
  ip: 'write an address such as "10.0.0.1" or "2001:db8::1"',
  boolean: 'write true or false',
  date_period: 'write for example 1 day, 2 weeks or 3 months',
  time_duration: 'write for example 5 minutes or 1 hour',
};

/** All values of an operand in another type; values that cannot be converted are left out, with a warning. */
export function convertAll(operand: Compiled, type: DataType): (row: Row, run: Run) => Value {
  const { evaluate, type: from } = operand;
  if (from === type) return evaluate;
  if (type === 'double' && isNumeric(from)) return mapValues(evaluate, Number);
  if (type === 'long' && from === 'integer') return mapValues(evaluate, (value) => BigInt(Number(value)));
  return (row, run) => {
    const value = evaluate(row, run);
    if (value === null) return null;
    const values: Scalar[] = [];
    for (const item of toList(value)) {
      run.spend(1);
      const converted = convert(item, from, type);
      if ('fault' in converted) run.warn(operand, converted.fault);
      else values.push(converted.value);
    }
    return fromList(values);
  };
}

function mapValues(evaluate: Compiled['evaluate'], turn: (value: Scalar) => Scalar): (row: Row, run: Run) => Value {
  return (row, run) => {
    const value = evaluate(row, run);
    if (value === null) return null;
    return isMany(value) ? value.map(turn) : turn(value);
  };
}

/** A value as a column can hold it: null, with a warning, for a number that is not finite. */
export function finite(value: Value, warn: (message: string) => null): Value {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return warn(`not a finite double number: ${value}`);
}
