import type { DecodedEvent } from '../audit/event.ts';
import { excerpt } from '../audit/text.ts';
import type { Field, FieldValues } from '../ecs/field.ts';

/** Limits on the bytes of a shown value, and on the values of a field. */
const VALUE_BYTES = 128;
const MOST_VALUES = 3;

/** A sentence filled with the values of an event. */
export type ReasonTemplate = (event: DecodedEvent) => string;

/** The problems of a template, in order. */
export interface TemplateProblem {
  readonly message: string;
  readonly hint: string;
}

/**
 * A template such as `{user.name} deployed {firstseen.image.repository}`: each `{field}` becomes the field's values on
 * the event, at most three, or a dash if there are none. Values are cut and made safe to show. Braces cannot be
 * escaped.
 * @param field finds a field, and reports an unknown one
 */
export function compileReason(
  template: string,
  field: (name: string) => readonly Field[],
  complain: (problem: TemplateProblem) => void,
): ReasonTemplate {
  const pieces = template.split(/(\{[^{}]*\})/).flatMap((piece, index): readonly (string | Field)[] => {
    if (index % 2 === 1) return field(piece.slice(1, -1).trim());
    if (/[{}]/.test(piece)) {
      const at = piece.search(/[{}]/);
      const brace = piece[at] === '{' ? '`{` is not closed' : '`}` closes nothing';
      complain({
        message: `${brace}: ${JSON.stringify(excerpt(piece.slice(at), 40))}`,
        hint: 'write {field}, such as {user.name}; a reason has no other braces',
      });
    }
    return [piece];
  });
  return (event) => pieces.map((piece) => (typeof piece === 'string' ? piece : shown(piece.read(event)))).join('');
}

function shown(values: FieldValues): string {
  const list = values === undefined ? [] : typeof values === 'object' ? values : [values];
  if (list.length === 0) return '-';
  const first = list.slice(0, MOST_VALUES).map((value) => excerpt(String(value), VALUE_BYTES));
  const more = list.length - first.length;
  return first.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
