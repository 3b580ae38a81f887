import { lowerEqual } from '../predicate/field-value.ts';
import type { Expression, Predicate } from '../predicate/predicate.ts';
import { FALSE, TRUE } from '../predicate/simplify.ts';
import { type Lowering, report } from './lowering.ts';
import { lowerPatterns, lowerSearch, testOperand } from './match-condition.ts';
import { containsTest } from './pattern-test.ts';
import type { Node } from './syntax.ts';
import { constantOf, nameOfType, type Typed } from './typed.ts';
import { lowerValue } from './value.ts';

type Call = Extract<Node, { readonly kind: 'call' }>;

/**
 * A function call as a condition. A call that tests a field becomes a plain test of that field, so that the rule index
 * sees it; Elasticsearch also turns such calls into queries.
 */
export function lowerCallCondition(lowering: Lowering, node: Call): Predicate {
  if (node.name.toLowerCase() === 'wildcard') return lowerWildcard(lowering, node);
  const typed = lowerValue(lowering, node);
  if (typed === undefined || typed.type === 'null') return FALSE;
  if (typed.type !== 'boolean') {
    const message = `expected a condition, but ${node.name} returns ${nameOfType(typed.type)}`;
    report(lowering, node.start, message, 'compare it with a value');
    return FALSE;
  }
  if (typed.expression.kind === 'call' && typed.expression.function.name === 'matchesRe2') {
    return lowerMatchesRe2(lowering, node, typed.expression.arguments);
  }
  const value = constantOf(typed);
  if (value !== undefined) return value === true ? TRUE : FALSE;
  return fieldTest(typed) ?? { kind: 'holds', expression: typed.expression };
}

/**
 * `wildcard(field, "pattern", …)` is `field like ("pattern", …)`; Elasticsearch still supports it but does not document
 * it.
 */
function lowerWildcard(lowering: Lowering, node: Call): Predicate {
  const [first, ...list] = node.arguments;
  if (first === undefined || list.length === 0) {
    report(lowering, node.start, 'wildcard takes a field and at least one pattern', 'write field like "pattern"');
    return FALSE;
  }
  const operator = node.caseless ? 'like~' : 'like';
  return lowerPatterns(lowering, { operator, operand: first, list }, lowerValue(lowering, first));
}

/** `matchesRe2(text, "pattern", …)`, our own. The patterns are compiled once and become a test of the text. */
function lowerMatchesRe2(lowering: Lowering, node: Call, [operand, ...patterns]: readonly Expression[]): Predicate {
  const texts = patterns.flatMap((pattern, index) => {
    const text = pattern.kind === 'literal' ? pattern.value : null;
    const { start, end } = node.arguments[index + 1] ?? node;
    return typeof text === 'string' ? [{ text, start, end }] : [];
  });
  return operand === undefined ? FALSE : lowerSearch(lowering, { expression: operand, type: 'string' }, texts);
}

/** A call on a field and constants as tests of the field; undefined if no tests are equivalent. */
function fieldTest({ expression }: Typed): Predicate | undefined {
  if (expression.kind !== 'call') return undefined;
  const [source, ...others] = expression.arguments;
  if (source?.kind !== 'field') return undefined;
  const constants = others.map((argument) => (argument.kind === 'literal' ? argument.value : undefined));
  if (constants.includes(undefined)) return undefined;
  if (constants.includes(null)) return FALSE;
  if (expression.function.name === 'cidrMatch') {
    const lowered = constants.map((prefix) => lowerEqual(source.field, String(prefix)));
    return { kind: 'or', operands: lowered.map((one) => (one.kind === 'ok' ? one.predicate : FALSE)) };
  }
  const parts = partsFor(expression.function.name, String(constants[0]));
  if (parts === undefined) return undefined;
  return testOperand({ expression: source, type: 'string' }, [containsTest(parts, expression.caseless === true)]);
}

function partsFor(name: string, text: string): readonly string[] | undefined {
  switch (name) {
    case 'startsWith':
      return [text, ''];
    case 'endsWith':
      return ['', text];
    case 'stringContains':
      return ['', text, ''];
    default:
      return undefined;
  }
}
