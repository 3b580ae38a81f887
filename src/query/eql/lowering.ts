import type { Field } from '../../ecs/field.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { clip, type Problem, type ProblemKind, problemAt } from '../problem.ts';
import type { FieldNode, Node } from './syntax.ts';

/** Resolves the names in a query. */
export interface EqlFields {
  /** The field of a name, always the same object for the same field; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by an unknown one. */
  readonly suggestField?: (name: string) => string | undefined;
}

/** What the lowering of syntax to conditions needs, and the problems found so far. */
export interface Lowering {
  readonly source: string;
  readonly fields: EqlFields;
  readonly problems: Problem[];
  /** Regular expressions compiled so far: each may be expensive. */
  regexes: number;
  /**
   * Lowers a condition used as an operand. Injected because the files of expressions and conditions need each other.
   */
  readonly condition: (node: Node) => Predicate;
}

const MAXIMUM_PROBLEMS = 20;

/** Reports a problem and goes on. After 20 problems, further ones are dropped. */
export function report(lowering: Lowering, offset: number, message: string, hint?: string, kind?: ProblemKind): void {
  if (hasEnough(lowering)) return;
  lowering.problems.push(problemAt(lowering.source, offset, message, hint, kind));
}

/** True if further problems are dropped, so expensive checks and explanations can be skipped. */
export function hasEnough({ problems }: Lowering): boolean {
  return problems.length >= MAXIMUM_PROBLEMS;
}

/** The field of a name. `null`: unknown, but optional; undefined: unknown, which has been reported. */
export function resolve(lowering: Lowering, node: FieldNode): Field | null | undefined {
  const field = lowering.fields.resolveField(node.name);
  if (field !== undefined) return field;
  if (node.optional) return null;
  if (!hasEnough(lowering)) {
    report(lowering, node.start, `unknown field \`${clip(node.name)}\``, hintFor(lowering, node));
  }
  return undefined;
}

/**
 * The name with the text directly after it, which may belong to it: without backticks `a.b/c-d` reads as a division of
 * names.
 */
export function wholeName({ source }: Lowering, node: FieldNode): string {
  const rest = /^[-/][A-Za-z_][\w./-]*/.exec(source.slice(node.end, node.end + 200))?.[0] ?? '';
  return `${node.name}${rest}`;
}

function hintFor(lowering: Lowering, node: FieldNode): string {
  const { fields } = lowering;
  const whole = wholeName(lowering, node);
  if (whole !== node.name && fields.resolveField(whole) !== undefined) {
    return `put the name in backticks: \`${clip(whole)}\``;
  }
  const suggestion = fields.suggestField?.(node.name);
  if (suggestion !== undefined) return `did you mean ${suggestion}?`;
  const name = clip(node.name);
  return `for a text write "${name}", for an optional field ?${name}`;
}
