import type { Field } from '../ecs/field.ts';
import { FIELDS, resolveField } from '../ecs/fields.ts';
import { nearest } from '../query/nearest.ts';
import type { RuleProblem } from './rule-problem.ts';

const FIELD_NAMES = FIELDS.map(({ name }) => name);

/** Resolves the names in a query over audit events. */
export const QUERY_FIELDS = {
  resolveField,
  /** The field that was most likely meant by an unknown name. */
  suggestField: (name: string): string | undefined => nearest(name, FIELD_NAMES),
};

/** The field of this name; if there is none, adds a problem with the most likely name. */
export function findField(name: string, path: RuleProblem['path'], problems: RuleProblem[]): Field | undefined {
  const found = resolveField(name);
  if (found !== undefined) return found;
  const suggestion = QUERY_FIELDS.suggestField(name);
  const hint = suggestion === undefined ? 'see docs/reference/fields.md for all fields' : `did you mean ${suggestion}?`;
  problems.push({ path, message: `unknown field ${name}`, hint });
  return undefined;
}
