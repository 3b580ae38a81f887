import { nearest } from '../nearest.ts';
import { AGGREGATES } from './aggregates.ts';
import type { Expression, ExpressionOf } from './ast.ts';
import { type Compiled, CompileError, type Environment, quoting } from './compiled.ts';
import { commonType, type DataType, isNumeric, isSpan, typeName } from './data-type.ts';
import type { Call, FunctionRow, Parameter } from './function-row.ts';
import { FUNCTIONS } from './functions.ts';
import { castLiteral, convertAll, finite, MULTI_VALUE } from './operand.ts';
import { REFUSED_FUNCTIONS } from './refused-functions.ts';
import type { Evaluate, Row, Run } from './run.ts';
import { parseSpan } from './time-span.ts';
import type { Span } from './token.ts';
import { fromList, isMany, type Scalar, toList, type Value } from './value.ts';

const BY_NAME = new Map(FUNCTIONS.map((row) => [row.name, row]));
const AGGREGATE_NAMES = new Set(AGGREGATES.map(({ name }) => name));
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'];

/** The types that a quoted text converts to if the parameter takes one of them and does not take text. */
const FROM_TEXT: readonly DataType[] = [
  'date_period',
  'time_duration',
  'date',
  'double',
  'long',
  'integer',
  'ip',
  'version',
];

/** A function call. @throws CompileError if the function is unknown or an argument does not fit */
export function compileCall(
  expression: ExpressionOf<'call'>,
  environment: Environment,
  compile: (argument: Expression) => Compiled,
): Compiled {
  const name = expression.name.toLowerCase();
  if (name === 'kql') return compileKql(expression, environment);
  const row = BY_NAME.get(name);
  if (name === 'bucket' && !environment.grouping) {
    throw new CompileError(expression, 'BUCKET is only allowed after BY', 'use DATE_TRUNC or FLOOR elsewhere');
  }
  if (row === undefined) failUnknown(expression, name);
  if (expression.star) {
    throw new CompileError(expression, `${name.toUpperCase()}(*) is not allowed`, 'only COUNT takes an asterisk');
  }
  requireCount(row, expression);
  return compileRow(row, expression, expression.arguments.map(compile));
}

/** Checks the arguments of a function and builds the call. @throws CompileError */
function compileRow(row: FunctionRow, place: Span, written: readonly Compiled[]): Compiled {
  const values = checkArguments(row, written, place);
  const wrong = row.check?.(values.map(({ literal }) => literal?.value));
  if (wrong !== undefined) throw new CompileError(place, quoting`[${place}]: ${wrong}`);
  const types = values.map(({ type }) => type);
  const type = typeof row.returns === 'string' ? row.returns : row.returns(types);
  const evaluate = build(row, values, { place: { start: place.start, end: place.end }, types, returns: type });
  const constant = values.every((value) => value.constant);
  return { type, evaluate, constant, start: place.start, end: place.end };
}

/** The arguments, each with a type that its parameter takes. @throws CompileError */
export function checkArguments(
  { parameters, variadic, parameterAt }: Pick<FunctionRow, 'parameters' | 'variadic' | 'parameterAt'>,
  written: readonly Compiled[],
  place: Span,
): readonly Compiled[] {
  let same: DataType | undefined;
  return written.map((argument, index) => {
    const last = variadic === true ? parameters[parameters.length - 1] : undefined;
    const parameter = parameterAt?.(index, written.length) ?? parameters[index] ?? last;
    if (parameter === undefined) return argument;
    const value = widen(fit(argument, parameter), parameter, same);
    const accepted = same !== undefined && parameter.same !== undefined ? [same] : parameter.types;
    if (value.type !== 'null' && !accepted.includes(value.type)) {
      const ordinal = written.length === 1 ? '' : `${ORDINALS[index] ?? `${index + 1}th`} `;
      const message = quoting`${ordinal}argument of [${place}] must be [${describe(accepted)}], found value [${value}] type [${typeName(value.type)}]`;
      throw new CompileError(argument, message);
    }
    if (parameter.constant === true && !value.constant) {
      throw new CompileError(argument, quoting`[${argument}] must be a constant`);
    }
    if (parameter.same !== undefined && value.type !== 'null') same ??= value.type;
    return value;
  });
}

/** A quoted text converted to the parameter's type, if the parameter does not take text. */
function fit(argument: Compiled, { types }: Parameter): Compiled {
  if (argument.type !== 'keyword' || argument.literal === undefined || types.includes('keyword')) return argument;
  const targets = FROM_TEXT.filter((type) => types.includes(type));
  const [first = 'keyword'] = targets;
  if (!isSpan(first)) return castLiteral(argument, first);
  const text = String(argument.literal.value);
  return castLiteral(argument, targets.find((type) => parseSpan(text, type) !== undefined) ?? first);
}

/** A number in the widest type of the arguments before it. */
function widen(argument: Compiled, { same }: Parameter, type: DataType | undefined): Compiled {
  if (same !== 'widens' || type === undefined || argument.type === type || !isNumeric(argument.type)) return argument;
  if (commonType(argument.type, type) !== type) return argument;
  const { constant, start, end } = argument;
  return { type, evaluate: convertAll(argument, type), constant, start, end };
}

function describe(types: readonly DataType[]): string {
  const names = types.map(typeName);
  const numeric = ['integer', 'long', 'double'];
  if (!numeric.every((name) => names.includes(name))) return names.join(' or ');
  return ['numeric', ...names.filter((name) => !numeric.includes(name))].join(' or ');
}

function requireCount(row: FunctionRow, expression: ExpressionOf<'call'>): void {
  const given = expression.arguments.length;
  const least = row.parameters.filter((parameter) => parameter.optional !== true).length;
  const most = row.variadic === true ? Number.POSITIVE_INFINITY : row.parameters.length;
  if (given >= least && given <= most) return;
  const expected =
    least === most ? String(least) : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  const message = `${row.name.toUpperCase()} takes ${expected} argument${expected === '1' ? '' : 's'}, found ${given}`;
  throw new CompileError(expression, message, `write ${signature(row)}`);
}

/** `NAME(parameter, [optional])`. */
export function signature({
  name,
  parameters,
  variadic,
}: Pick<FunctionRow, 'name' | 'parameters' | 'variadic'>): string {
  const names = parameters.map((parameter) => (parameter.optional === true ? `[${parameter.name}]` : parameter.name));
  return `${name.toUpperCase()}(${names.join(', ')}${variadic === true ? ', …' : ''})`;
}

function failUnknown(expression: ExpressionOf<'call'>, name: string): never {
  if (AGGREGATE_NAMES.has(name)) {
    const message = quoting`aggregate function [${expression}] not allowed outside STATS command`;
    throw new CompileError(expression, message, 'write | STATS name = … BY …');
  }
  const shown = { start: expression.start, end: expression.nameEnd };
  const reason = REFUSED_FUNCTIONS.get(name);
  if (reason !== undefined) throw new CompileError(expression, quoting`the function ${shown} is not supported`, reason);
  const close = nearest(name, [...BY_NAME.keys(), ...AGGREGATE_NAMES, 'kql']);
  const hint = close === undefined ? undefined : `did you mean ${close.toUpperCase()}?`;
  throw new CompileError(expression, quoting`unknown function \`${shown}\``, hint);
}

function compileKql(expression: ExpressionOf<'call'>, { kqlCondition }: Environment): Compiled {
  const [text] = expression.arguments;
  if (expression.arguments.length !== 1 || text?.kind !== 'literal' || typeof text.value !== 'string') {
    throw new CompileError(expression, 'KQL takes one text in quotation marks', 'for example KQL("user.name:system*")');
  }
  const { start, end } = expression;
  const condition = kqlCondition(text.value, text);
  return { type: 'boolean', evaluate: (row) => row.origin?.holds(condition) === true, constant: false, start, end };
}

function build(
  row: FunctionRow,
  operands: readonly Compiled[],
  fixed: Pick<Call, 'place' | 'types' | 'returns'>,
): Evaluate {
  const evaluators = operands.map(({ evaluate }) => evaluate);
  if (row.kind === 'lazy') {
    const { evaluate } = row;
    return (values, run) => evaluate(evaluators, values, run, fixed.place);
  }
  let last: { readonly run: Run; readonly call: Call } | undefined;
  const callOf = (run: Run): Call => {
    if (last?.run === run) return last.call;
    const warn = (message: string) => run.warn(fixed.place, message);
    last = { run, call: { ...fixed, now: run.now, spend: run.spend, warn } };
    return last.call;
  };
  const checked = (value: Value, run: Run): Value => finite(value, (message) => run.warn(fixed.place, message));
  switch (row.kind) {
    case 'whole': {
      const { evaluate } = row;
      return (values, run) => {
        run.spend(1);
        const all = evaluators.map((operand) => operand(values, run));
        return checked(evaluate(all, callOf(run)), run);
      };
    }
    case 'scalar': {
      const { evaluate } = row;
      return (values, run) => {
        const scalars = readScalars(evaluators, values, run, fixed.place);
        return scalars === null ? null : checked(evaluate(scalars, callOf(run)), run);
      };
    }
    case 'each': {
      const { evaluate } = row;
      const [first, ...others] = evaluators;
      return (values, run) => {
        const all = first?.(values, run) ?? null;
        if (all === null) return null;
        const scalars = readScalars(others, values, run, fixed.place);
        return scalars === null ? null : mapEach(all, scalars, evaluate, callOf(run));
      };
    }
  }
}

function mapEach(
  all: Value,
  others: readonly Scalar[],
  evaluate: (values: readonly Scalar[], call: Call) => Scalar | null,
  call: Call,
): Value {
  if (!isMany(all)) return all === null ? null : evaluate([all, ...others], call);
  const results: Scalar[] = [];
  for (const value of toList(all)) {
    call.spend(1);
    const result = evaluate([value, ...others], call);
    if (result !== null) results.push(result);
  }
  return fromList(results);
}

/** One value of each operand, or null. */
function readScalars(evaluators: readonly Evaluate[], row: Row, run: Run, place: Span): readonly Scalar[] | null {
  run.spend(1);
  const scalars: Scalar[] = [];
  for (const operand of evaluators) {
    const value = operand(row, run);
    if (value === null) return null;
    if (isMany(value)) return run.warn(place, MULTI_VALUE);
    scalars.push(value);
  }
  return scalars;
}
