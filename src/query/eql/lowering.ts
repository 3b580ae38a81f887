import type { Field } from '../../ecs/field.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { clip, type Problem, type ProblemKind, problemAt } from '../problem.ts';
import type { FieldNode, Node } from './syntax.ts';

/** What the names in a query stand for. */
export interface EqlFields {
  /** The field of a name, always the same object for the same field; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by one that resolves to nothing. */
  readonly suggestField?: (name: string) => string | undefined;
}

/** What turning the syntax of a query into conditions needs to know, and what it has found wrong so far. */
export interface Lowering {
  readonly source: string;
  readonly fields: EqlFields;
  readonly problems: Problem[];
  /** How many regular expressions have been prepared so far: each may cost much. */
  regexes: number;
  /** A condition that is an operand of something else; given here because the files of expressions and of conditions need each other. */
  readonly condition: (node: Node) => Predicate;
}

const MAXIMUM_PROBLEMS = 20;

/** Notes a problem and goes on. After the twentieth none is noted. */
export function report(lowering: Lowering, offset: number, message: string, hint?: string, kind?: ProblemKind): void {
  if (hasEnough(lowering)) return;
  lowering.problems.push(problemAt(lowering.source, offset, message, hint, kind));
}

/** True if no more problems are noted, so that nothing dear need be done to find or explain one. */
export function hasEnough({ problems }: Lowering): boolean {
  return problems.length >= MAXIMUM_PROBLEMS;
}

/** The field of a name. `null`: nobody knows it, and it is optional; undefined: nobody knows it, which has been reported. */
export function resolve(lowering: Lowering, node: FieldNode): Field | null | undefined {
  const field = lowering.fields.resolveField(node.name);
  if (field !== undefined) return field;
  if (node.optional) return null;
  if (!hasEnough(lowering)) {
    report(lowering, node.start, `unknown field \`${clip(node.name)}\``, hintFor(lowering, node));
  }
  return undefined;
}

/** The name with what stands directly behind it, which may be more of it: `a.b/c-d` without backticks is a division of names. */
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
  return `if it is text, write "${name}"; if it is a field that need not exist, write ?${name}`;
}
