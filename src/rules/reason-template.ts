import type { DecodedEvent } from '../audit/event.ts';
import { excerpt } from '../audit/text.ts';
import type { Field, FieldValues } from '../ecs/field.ts';

/** Bytes of one value, and values of one field, that a sentence shows. */
const VALUE_BYTES = 128;
const MOST_VALUES = 3;

/** A sentence with the values of an event in it. */
export type ReasonTemplate = (event: DecodedEvent) => string;

/** What is wrong with a template, in the order in which it is written. */
export interface TemplateProblem {
  readonly message: string;
  readonly hint: string;
}

/**
 * A template such as `{user.name} deployed {firstseen.image.repository}`: each `{field}` stands for the field's values on the
 * event, the first three where there are more, and for a dash where there is none. Values are bounded and made safe to show.
 * A brace cannot stand for itself.
 * @param field finds a field, and complains of one that is not known
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
        hint: 'write {field}, such as {user.name}; there are no other braces in a reason',
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
