import type { Predicate } from './predicate.ts';

export const TRUE: Predicate = { kind: 'constant', value: true };
export const FALSE: Predicate = { kind: 'constant', value: false };

/**
 * The same condition without needless structure: nested `and`s and nested `or`s are merged, constants and double
 * negations removed. A constant remains only if the whole condition is one.
 */
export function simplify(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case 'any':
    case 'exists':
    case 'holds':
    case 'constant':
      return predicate;
    case 'not': {
      const operand = simplify(predicate.operand);
      if (operand.kind === 'not') return operand.operand;
      if (operand.kind === 'constant') return operand.value ? FALSE : TRUE;
      return { kind: 'not', operand };
    }
    case 'and':
    case 'or':
      return simplifyJunction(predicate.kind, predicate.operands);
  }
}

function simplifyJunction(kind: 'and' | 'or', operands: readonly Predicate[]): Predicate {
  const neutral = kind === 'and';
  const kept: Predicate[] = [];
  for (const operand of operands) {
    const simple = simplify(operand);
    if (simple.kind === 'constant') {
      if (simple.value !== neutral) return simple;
    } else if (simple.kind === kind) {
      for (const inner of simple.operands) kept.push(inner);
    } else {
      kept.push(simple);
    }
  }
  const once = withoutRepeats(kept);
  const [only] = once;
  if (only === undefined) return neutral ? TRUE : FALSE;
  return once.length === 1 ? only : { kind, operands: once };
}

/** Removes duplicates: the same node, or the same existence test, which projections of a sequence's items repeat. */
function withoutRepeats(operands: readonly Predicate[]): readonly Predicate[] {
  const nodes = new Set<unknown>();
  return operands.filter((operand) => {
    const key = operand.kind === 'exists' ? operand.field : operand;
    const isNew = !nodes.has(key);
    nodes.add(key);
    return isNew;
  });
}
