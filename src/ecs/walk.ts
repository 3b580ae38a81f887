import type { FieldValue, FieldValues } from './field.ts';
import { PRESENT, valueSet } from './values.ts';

/** Reads the values at a path in arbitrary JSON. Never throws. */
export type PathReader = (root: unknown) => FieldValues;

/**
 * One way to continue from a position in the path: a member with this key, after which the path continues at `next`.
 */
interface Step {
  readonly key: string;
  readonly next: number;
  /** True for a key such as `constructor`, which every object inherits. */
  readonly isInherited: boolean;
}

export const MAX_SEGMENTS = 32;
/** No decoded event is deeper, see `DEFAULT_BOUNDS`. */
const MAX_DEPTH = 64;

type Found = FieldValue | FieldValue[] | typeof PRESENT | undefined;

/**
 * A reader of a dotted path that flattens like Elasticsearch: through arrays, and with a dot in a key equal to a dot
 * between keys. `a.b` finds `{"a":{"b":1}}`, `{"a.b":1}` and `[{"a":{"b":1}}]`, and all of them if they occur together.
 *
 * At each object, every key that is a prefix of the remaining path is tried. Each node of the tree can be reached in
 * one way only, so the walk costs no more than the part of the tree below the path, whatever the keys. Only own
 * properties are read. The result is a set of values; an object at the end of the path is `PRESENT` if anything in it,
 * at any depth, is not empty.
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

/** The values found so far and one more. Only arrays created here are changed. */
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
