import { type JsonObject, METADATA_FIELDS } from './shape.ts';

/**
 * Limits on the size of one event. An event over a limit loses its bodies; if its metadata is still too large, that is
 * clipped.
 */
export interface Bounds {
  /** Nesting of containers; the event itself counts as the first. */
  readonly depth: number;
  /** Values of any kind in one event, the event itself included. */
  readonly nodes: number;
  readonly keysPerObject: number;
  /** In UTF-16 units, for a value or a key. */
  readonly stringLength: number;
  /**
   * Items in one batch. A larger batch is refused. The API server sends at most 400 by default
   * (`--audit-webhook-batch-max-size`).
   */
  readonly items: number;
}

export const DEFAULT_BOUNDS: Bounds = {
  depth: 64,
  nodes: 200_000,
  keysPerObject: 10_000,
  stringLength: 256 * 1024,
  items: 100_000,
};

/** True if the event is over a bound. The walk recurses at most `bounds.depth` deep. */
export function exceedsBounds(event: object, bounds: Bounds): boolean {
  return nodesIn(event, 1, bounds) > bounds.nodes;
}

/** The number of values in the container, itself included; infinity once it is over a bound. */
function nodesIn(container: object, depth: number, bounds: Bounds): number {
  if (depth > bounds.depth) return Number.POSITIVE_INFINITY;
  let nodes = 1;
  if (Array.isArray(container)) {
    for (let index = 0; index < container.length; index++) {
      const value: unknown = container[index];
      if (typeof value === 'string' ? value.length > bounds.stringLength : nodes > bounds.nodes)
        return Number.POSITIVE_INFINITY;
      nodes += typeof value === 'object' && value !== null ? nodesIn(value, depth + 1, bounds) : 1;
    }
    return nodes;
  }
  const members = container as JsonObject;
  let keys = 0;
  for (const key in members) {
    if (++keys > bounds.keysPerObject || key.length > bounds.stringLength || nodes > bounds.nodes)
      return Number.POSITIVE_INFINITY;
    const value = members[key];
    if (typeof value === 'string') {
      if (value.length > bounds.stringLength) return Number.POSITIVE_INFINITY;
      nodes++;
    } else nodes += typeof value === 'object' && value !== null ? nodesIn(value, depth + 1, bounds) : 1;
  }
  return nodes;
}

/** The event without its bodies; the rest is unchanged. */
export function withoutBodies(event: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(event).filter(([name]) => name !== 'requestObject' && name !== 'responseObject'),
  );
}

/** What a clipping walk may still spend. */
interface Budget {
  nodes: number;
}

/**
 * The metadata of the event, cut to fit the bounds.
 *
 * An event is never lost: who did what is worth more than a complete copy. Long strings are cut, objects keep their
 * first members, and arrays keep their last, because the client chooses all of `sourceIPs` but the last hop. Unknown
 * fields are dropped. Small fields come first, so large ones cannot push them out.
 */
export function clipMetadata(event: JsonObject, bounds: Bounds): JsonObject {
  const budget: Budget = { nodes: bounds.nodes - 1 };
  const kept: (readonly [string, unknown])[] = [];
  for (const name of METADATA_FIELDS) {
    if (!Object.hasOwn(event, name)) continue;
    const value = clip(event[name], 1, budget, bounds);
    if (value !== undefined) kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/**
 * The value cut to the bounds, or `undefined` if there is no room for it. `depth` is the depth of the container around
 * it.
 */
function clip(value: unknown, depth: number, budget: Budget, bounds: Bounds): unknown {
  if (budget.nodes < 1) return undefined;
  if (typeof value !== 'object' || value === null) {
    budget.nodes--;
    if (typeof value !== 'string' || value.length <= bounds.stringLength) return value;
    return value.slice(0, bounds.stringLength).toWellFormed();
  }
  if (depth >= bounds.depth) return undefined;
  budget.nodes--;
  if (Array.isArray(value)) {
    const last: unknown[] = [];
    for (let index = value.length - 1; index >= 0 && last.length < bounds.keysPerObject; index--) {
      const item = clip(value[index], depth + 1, budget, bounds);
      if (item !== undefined) last.push(item);
      else if (budget.nodes < 1) break;
    }
    return last.reverse();
  }
  const first: (readonly [string, unknown])[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (first.length >= bounds.keysPerObject || budget.nodes < 1) break;
    if (key.length > bounds.stringLength) continue;
    const kept = clip(member, depth + 1, budget, bounds);
    if (kept !== undefined) first.push([key, kept]);
  }
  return Object.fromEntries(first);
}
