import type { CommandOf } from './ast.ts';
import { compileCondition, compileExpression } from './compile-expression.ts';
import { type Column, CompileError, oneLine, quoting } from './compiled.ts';
import { isSpan, typeName } from './data-type.ts';
import { compileDissect } from './dissect.ts';
import { compileGrok } from './grok.ts';
import { readSlot } from './operand.ts';
import { perRow, type Stage } from './operator.ts';
import type { Run } from './run.ts';
import { addColumns, createColumn, environmentOf, findColumn, type Scope, suggestColumn } from './scope.ts';
import type { Span } from './token.ts';
import { fromList, isMany, type Scalar, toList } from './value.ts';

/** A command and the columns that the next command sees. */
export interface Step {
  readonly scope: Scope;
  /** Undefined if rows pass unchanged. */
  readonly stage?: Stage;
}

/** WHERE: keeps rows that meet the condition. @throws CompileError */
export function compileWhere({ condition }: CommandOf<'where'>, scope: Scope): Step {
  const { evaluate } = compileCondition(condition, environmentOf(scope, 'condition'));
  return { scope, stage: perRow((row, run, next) => (evaluate(row, run) === true ? next.push(row, run) : true)) };
}

/** EVAL: each assignment sees those before it. @throws CompileError */
export function compileEval({ columns }: CommandOf<'eval'>, before: Scope): Step {
  let scope = before;
  const assignments = columns.map(({ name, expression, ...place }) => {
    const compiled = compileExpression(expression, environmentOf(scope, 'other'));
    if (isSpan(compiled.type)) {
      const message = quoting`EVAL does not support type [${typeName(compiled.type)}] as the return data type of expression [${expression}]`;
      throw new CompileError(place, message, 'add it to a date');
    }
    const column = createColumn(scope.layout, name, compiled.type);
    scope = addColumns(scope, [column]);
    return { slot: column.slot(), evaluate: compiled.evaluate };
  });
  const stage = perRow((row, run, next) => {
    for (const { slot, evaluate } of assignments) row.values[slot] = evaluate(row, run);
    return next.push(row, run);
  });
  return { scope, stage };
}

type Extract = (text: string) => readonly (readonly Scalar[])[] | undefined;

/** GROK: uses the first pattern that matches the text. @throws CompileError */
export function compileGrokCommand({ input, patterns, ...place }: CommandOf<'grok'>, scope: Scope): Step {
  const groks = patterns.map((pattern) => {
    const result = compileGrok(pattern.value);
    if (result.kind === 'invalid')
      throw new CompileError(pattern, `Invalid GROK pattern: ${result.message}`, result.hint);
    return result.grok;
  });
  const columns = new Map(groks.flatMap((grok) => grok.columns.map((column) => [column.name, column] as const)));
  const names = [...columns.keys()];
  const extract: Extract = (text) => {
    for (const grok of groks) {
      const values = grok.match(text);
      if (values === undefined) continue;
      return names.map((name) => values[grok.columns.findIndex((column) => column.name === name)] ?? []);
    }
    return undefined;
  };
  return extraction('GROK', { input, ...place }, [...columns.values()], extract, 2 * groks.length, scope);
}

/** DISSECT. @throws CompileError */
export function compileDissectCommand(command: CommandOf<'dissect'>, scope: Scope): Step {
  const result = compileDissect(command.pattern.value, command.separator);
  if (result.kind === 'invalid') {
    throw new CompileError(command.pattern, `Invalid pattern for DISSECT: ${result.message}`, result.hint);
  }
  const { columns, match } = result.dissect;
  const extracted = columns.map((name) => ({ name, type: 'keyword' as const }));
  return extraction('DISSECT', command, extracted, (text) => match(text)?.map((value) => [value]), 1, scope);
}

/** Columns extracted from a text; a value with several texts contributes all of them. */
function extraction(
  name: string,
  { input, ...place }: Pick<CommandOf<'grok'>, 'input' | 'start' | 'end'>,
  extracted: readonly Pick<Column, 'name' | 'type'>[],
  extract: Extract,
  /** Steps for each character. */
  cost: number,
  scope: Scope,
): Step {
  const { evaluate, type } = compileExpression(input, environmentOf(scope, 'other'));
  if (type !== 'keyword' && type !== 'null') {
    const message = quoting`${name} only supports KEYWORD or TEXT values, found expression [${input}] type [${typeName(type)}]`;
    throw new CompileError(place, message, 'write EVAL text = TO_STRING(…) before it');
  }
  const columns = extracted.map((column) => createColumn(scope.layout, column.name, column.type));
  const slots = columns.map((column) => column.slot());
  const stage = perRow((row, run, next) => {
    const values: Scalar[][] = slots.map(() => []);
    for (const item of toList(evaluate(row, run))) {
      const text = String(item);
      run.spend(1 + text.length * cost);
      for (const [index, found] of (extract(text) ?? []).entries()) values[index]?.push(...found);
    }
    for (const [index, slot] of slots.entries()) row.values[slot] = fromList(values[index] ?? []);
    return next.push(row, run);
  });
  return { scope: addColumns(scope, columns), stage };
}

/** MV_EXPAND: one row for each value. @throws CompileError */
export function compileMvExpand({ name, ...place }: CommandOf<'mvExpand'>, scope: Scope): Step {
  const column = findColumn(scope, name) ?? failUnknown(scope, name, place);
  const read = readSlot(column.slot());
  const expanded = createColumn(scope.layout, name, column.type);
  const slot = expanded.slot();
  const columns = scope.columns.map((other) => (other === column ? expanded : other));
  const stage = perRow((row, run, next) => {
    const value = read(row);
    if (!isMany(value)) {
      row.values[slot] = value;
      return next.push(row, run);
    }
    for (const item of value) {
      run.spend(1 + (row.values.length >> 2));
      const values = [...row.values];
      values[slot] = item;
      if (!next.push({ values, origin: row.origin }, run)) return false;
    }
    return true;
  });
  return { scope: columns.includes(expanded) ? { ...scope, columns } : addColumns(scope, [expanded]), stage };
}

/** LIMIT: passes a number of rows, then asks for no more. */
export function limitRows(most: number): Stage {
  return (next) => {
    let rows = 0;
    return {
      push: (row, run: Run) => {
        if (rows >= most) return false;
        rows += 1;
        return next.push(row, run) && rows < most;
      },
      finish: next.finish,
    };
  };
}

/** @throws CompileError with the name that was most likely meant */
export function failUnknown(scope: Scope, name: string, place: Span): never {
  const close = suggestColumn(scope, name);
  throw new CompileError(
    place,
    `unknown column \`${oneLine(name)}\``,
    close === undefined ? undefined : `did you mean ${close}?`,
  );
}
