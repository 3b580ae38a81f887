import type { Field, FieldValues } from '../../ecs/field.ts';
import type { Predicate, Test } from '../predicate/predicate.ts';
import { simplify } from '../predicate/simplify.ts';
import { compileHolds } from './compile-expression.ts';
import { compileAnyOf, type ValueTest } from './compile-test.ts';
import type { FieldMemo, FieldSlots } from './slots.ts';

/**
 * Whether the condition is true of the memo's current event. Pure, never throws; allocates nothing except in
 * expressions. If the memo's budget runs out, an expression is false.
 */
export type Matcher = (memo: FieldMemo) => boolean;

/** Above the cost of the field tests in most rules, so that expressions run last. */
const HOLDS_COST = 100;

type Operand = { readonly cost: number; readonly matches: Matcher };

/**
 * Compiles a condition to a function of an event. All decisions are made here: the structure is simplified, an `or`'s
 * tests on one field become one pass over its values with one lookup for all equalities, and cheap operands run first.
 */
export function compilePredicate(predicate: Predicate, slots: FieldSlots): Matcher {
  return compile(simplify(predicate), slots).matches;
}

function compile(predicate: Predicate, slots: FieldSlots): Operand {
  switch (predicate.kind) {
    case 'any':
      return compileAny(predicate.field, [predicate.test], slots);
    case 'exists': {
      const slot = slots.slotOf(predicate.field);
      return { cost: 1, matches: (memo) => memo.read(slot) !== undefined };
    }
    case 'holds':
      return { cost: HOLDS_COST, matches: compileHolds(predicate, slots, compilePredicate) };
    case 'constant': {
      const { value } = predicate;
      return { cost: 0, matches: () => value };
    }
    case 'not': {
      const { cost, matches } = compile(predicate.operand, slots);
      return { cost, matches: (memo) => !matches(memo) };
    }
    case 'and':
      return conjunction(predicate.operands.map((operand) => compile(operand, slots)));
    case 'or':
      return disjunction(compileBranches(predicate.operands, slots));
  }
}

/** The branches of an `or`, with all tests of one field merged into one branch. */
function compileBranches(operands: readonly Predicate[], slots: FieldSlots): Operand[] {
  const testsOf = new Map<Field, Test[]>();
  const branches: Operand[] = [];
  for (const operand of operands) {
    if (operand.kind !== 'any') {
      branches.push(compile(operand, slots));
      continue;
    }
    const tests = testsOf.get(operand.field);
    if (tests === undefined) testsOf.set(operand.field, [operand.test]);
    else tests.push(operand.test);
  }
  for (const [field, tests] of testsOf) branches.push(compileAny(field, tests, slots));
  return branches;
}

function compileAny(field: Field, tests: readonly Test[], slots: FieldSlots): Operand {
  const slot = slots.slotOf(field);
  const test = compileAnyOf(tests, field.type);
  const cost = tests.reduce((sum, { kind }) => sum + (kind === 'equals' ? 0 : 2), field.type === 'ip' ? 3 : 1);
  if (field.type === 'ip') return { cost, matches: (memo) => anyPasses(memo.readAddresses(slot), test) };
  return { cost, matches: (memo) => anyPasses(memo.read(slot), test) };
}

function anyPasses(values: FieldValues, test: ValueTest): boolean {
  if (values === undefined) return false;
  if (typeof values !== 'object') return test(values);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value !== undefined && test(value)) return true;
  }
  return false;
}

function conjunction(operands: readonly Operand[]): Operand {
  const { cost, matchers } = cheapestFirst(operands);
  const [first, second] = matchers;
  if (first !== undefined && second !== undefined && matchers.length === 2) {
    return { cost, matches: (memo) => first(memo) && second(memo) };
  }
  return {
    cost,
    matches: (memo) => {
      for (let index = 0; index < matchers.length; index += 1) if (matchers[index]?.(memo) === false) return false;
      return true;
    },
  };
}

function disjunction(operands: readonly Operand[]): Operand {
  const { cost, matchers } = cheapestFirst(operands);
  const [first, second] = matchers;
  if (first !== undefined && matchers.length === 1) return { cost, matches: first };
  if (first !== undefined && second !== undefined && matchers.length === 2) {
    return { cost, matches: (memo) => first(memo) || second(memo) };
  }
  return {
    cost,
    matches: (memo) => {
      for (let index = 0; index < matchers.length; index += 1) if (matchers[index]?.(memo) === true) return true;
      return false;
    },
  };
}

function cheapestFirst(operands: readonly Operand[]): { readonly cost: number; readonly matchers: readonly Matcher[] } {
  const sorted = [...operands].sort((a, b) => a.cost - b.cost);
  const cost = sorted.reduce((sum, operand) => sum + operand.cost, 0);
  return { cost, matchers: sorted.map(({ matches }) => matches) };
}
