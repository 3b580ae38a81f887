import type { FieldValues } from './field.ts';
import { patchedObject } from './json-patch.ts';
import { MAX_VALUES, valueSet } from './values.ts';

/**
 * The permissions in the role of a request, as `verb resource`: each verb with each resource of the same role rule, so
 * a verb is never paired with a resource of another rule. Reads both request and response, since a patch holds only the
 * changes. API groups are left out, because the resources that matter have unique names. Empty if the object is not a
 * role.
 */
export function grantsOf(...bodies: readonly unknown[]): FieldValues {
  const found: string[] = [];
  for (const body of bodies) {
    const roles = Array.isArray(body) ? patchedObject(body) : [body];
    for (const rule of roles.flatMap(rulesOf)) {
      const { verbs, resources } = rule;
      for (const verb of textsOf(verbs)) {
        for (const resource of textsOf(resources)) {
          if (found.length === MAX_VALUES) return valueSet(found);
          found.push(`${verb} ${resource}`);
        }
      }
    }
  }
  return valueSet(found);
}

interface Rule {
  readonly verbs?: unknown;
  readonly resources?: unknown;
}

/** A JSON patch may set one rule of the list. */
function rulesOf(role: unknown): readonly Rule[] {
  if (typeof role !== 'object' || role === null || !('rules' in role)) return [];
  const { rules } = role;
  const list = Array.isArray(rules) ? rules : [rules];
  return list.filter((rule): rule is Rule => typeof rule === 'object' && rule !== null);
}

function textsOf(list: unknown): readonly string[] {
  return (Array.isArray(list) ? list : [list]).filter((text) => typeof text === 'string' && text !== '');
}
