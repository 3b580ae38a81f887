import type { FieldValues } from './field.ts';
import { patchedObject } from './json-patch.ts';
import { MAX_VALUES, valueSet } from './values.ts';

/**
 * What the role of a request grants, as `verb resource`: each verb with each resource of the same rule, so that a verb of one rule is never
 * taken together with a resource of another. Of what is asked and of what the API server answered, since a patch says only what it changes.
 * API groups are left out: the resources worth asking for have names of their own. Empty for what is no role.
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
