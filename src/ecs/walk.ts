import type { FieldValue, FieldValues } from './field.ts';
import { PRESENT, valueSet } from './values.ts';

/** Reads what a path leads to in a JSON value that nothing is known about. Never throws. */
export type PathReader = (root: unknown) => FieldValues;

/** One way to go on from a place in the path: a member with this key, after which the path goes on at `next`. */
interface Step {
  readonly key: string;
  readonly next: number;
  /** True for a key such as `constructor`, which every object seems to have. */
  readonly isInherited: boolean;
}

/** The path's segments are few, and no decoded event is deeper than this: see `DEFAULT_BOUNDS`. */
export const MAX_SEGMENTS = 32;
const MAX_DEPTH = 64;

type Found = FieldValue | FieldValue[] | typeof PRESENT | undefined;

/**
 * A reader of a dotted path that flattens as Elasticsearch does: through arrays, and with a dot in a key as good as a
 * dot between keys, so that `a.b` finds `{"a":{"b":1}}`, `{"a.b":1}` and `[{"a":{"b":1}}]`, and all of them if they
 * stand beside each other.
 *
 * At each object every key that the rest of the path can begin with is tried. A node of the tree can be reached in one way
 * only, so the walk costs no more than the part of the tree that the path leads through, whatever the keys are. Only
 * own properties are read. What is found is a set of values; an object at the end of the path is `PRESENT` if anything
 * in it, at any depth, is not empty.
 *
 * @param path at most `MAX_SEGMENTS` segments; the empty path reads the root itself
 */
export function compilePath(path: string): PathReader {
  const segments = path === '' ? [] : path.split('.');
  const steps = segments.map((_, place) =>
    segments.slice(place).map((_, extra): Step => {
      const next = place + extra + 1;
      const key = segments.slice(place, next).join('.');
      return { key, next, isInherited: key in Object.prototype };
    }),
  );
  return (root) => {
    const found = walk(root, steps, 0, 0, undefined);
    return Array.isArray(found) && found !== PRESENT ? valueSet(found) : found;
  };
}

function walk(node: unknown, steps: readonly (readonly Step[])[], place: number, depth: number, found: Found): Found {
  if (typeof node !== 'object' || node === null) return place === steps.length ? withScalar(found, node) : found;
  if (depth > MAX_DEPTH) return found;
  if (Array.isArray(node)) {
    let all = found;
    for (let index = 0; index < node.length; index++) all = walk(node[index], steps, place, depth + 1, all);
    return all;
  }
  const ways = steps[place];
  if (ways === undefined) return found === undefined && hasContent(node, depth) ? PRESENT : found;
  const members = node as Readonly<Record<string, unknown>>;
  let all = found;
  for (let index = 0; index < ways.length; index++) {
    const way = ways[index];
    if (way === undefined || (way.isInherited && !Object.hasOwn(members, way.key))) continue;
    const member = members[way.key];
    if (member !== undefined) all = walk(member, steps, way.next, depth + 1, all);
  }
  return all;
}

/** What was found so far and one more value. Only an array that was made here is ever pushed to. */
function withScalar(found: Found, value: unknown): Found {
  if (value === '' || (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean'))
    return found;
  if (found === undefined || found === PRESENT) return value;
  if (typeof found !== 'object') return [found, value];
  (found as FieldValue[]).push(value);
  return found;
}

/** True if the value, or anything below it, is not empty. */
export function hasContent(value: unknown, depth = 0): boolean {
  if (value === null || value === undefined || value === '') return false;
  if (typeof value !== 'object') return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.some((item) => hasContent(item, depth + 1));
  const members = value as Readonly<Record<string, unknown>>;
  for (const key in members) if (hasContent(members[key], depth + 1)) return true;
  return false;
}
