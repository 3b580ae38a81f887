import type { CommandOf } from './ast.ts';
import { compileExpression } from './compile-expression.ts';
import { CompileError, quoting } from './compiled.ts';
import { type DataType, isSpan } from './data-type.ts';
import type { Stage } from './operator.ts';
import type { Evaluate, Row, Run } from './run.ts';
import { environmentOf, type Scope } from './scope.ts';
import type { Step } from './stage-row.ts';
import { compareScalars, isMany, type Scalar, type Value } from './value.ts';

interface Key {
  readonly evaluate: Evaluate;
  readonly type: DataType;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

interface Keyed {
  readonly row: Row;
  readonly keys: readonly (Scalar | null)[];
  readonly arrival: number;
}

/**
 * SORT. With several values the least counts, or the greatest if the order is descending. Equal rows keep their order.
 * Only `most` rows are kept if the next command takes no more.
 * @throws CompileError
 */
export function compileSort({ keys }: CommandOf<'sort'>, scope: Scope, most: number | undefined): Step {
  const compiled = keys.map(({ expression, descending, nullsFirst }): Key => {
    const { evaluate, type } = compileExpression(expression, environmentOf(scope, 'other'));
    if (isSpan(type)) throw new CompileError(expression, quoting`cannot sort on [${expression}]`);
    return { evaluate, type, descending, nullsFirst };
  });
  return { scope, stage: sortRows(compiled, most) };
}

function sortRows(keys: readonly Key[], most: number | undefined): Stage {
  return (next) => {
    let rows: Keyed[] = [];
    let arrivals = 0;
    let peak = 0;
    const cut = (run: Run) => {
      run.spend(rows.length);
      rows.sort((a, b) => compareKeys(a, b, keys));
      if (most !== undefined) rows = rows.slice(0, most);
    };
    return {
      push: (row, run) => {
        if (rows.length === peak) {
          run.hold(1 + keys.length);
          peak += 1;
        }
        rows.push({ row, keys: keys.map((key) => keyOf(key.evaluate(row, run), key)), arrival: arrivals });
        arrivals += 1;
        if (most !== undefined && rows.length >= 2 * most + 16) cut(run);
        return true;
      },
      finish: (run) => {
        cut(run);
        for (const { row } of rows) if (!next.push(row, run)) break;
        next.finish(run);
      },
    };
  };
}

function keyOf(value: Value, { type, descending }: Key): Scalar | null {
  if (!isMany(value)) return value;
  return value.reduce((best, item) => (compareScalars(item, best, type) < 0 === descending ? best : item));
}

function compareKeys(a: Keyed, b: Keyed, keys: readonly Key[]): number {
  for (const [index, { type, descending, nullsFirst }] of keys.entries()) {
    const left = a.keys[index] ?? null;
    const right = b.keys[index] ?? null;
    if (left === null || right === null) {
      if (left === right) continue;
      return (left === null) === nullsFirst ? -1 : 1;
    }
    const order = compareScalars(left, right, type);
    if (order !== 0) return descending ? -order : order;
  }
  return a.arrival - b.arrival;
}
