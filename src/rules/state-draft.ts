import type { ReadResult, ScoredMember, StateRead, StateWrite } from './state.ts';

/**
 * The part of a cluster's state that a step has read, and its changes so far.
 *
 * A step reads and writes it like the state itself; later decisions of a batch see the changes of earlier ones. At the
 * end `writes` has each changed value once. Reading a value that was not loaded gives the result for an empty state, so
 * a step must request everything that it reads.
 */
export class StateDraft {
  readonly #sets = new Map<string, { members: Set<string>; added: Set<string>; keepMs: number }>();
  readonly #sorted = new Map<string, SortedDraft>();
  readonly #hashes = new Map<string, HashDraft>();
  readonly #due: Extract<StateWrite, { kind: 'markDue' }>[] = [];

  /** @param results parallel to `reads` */
  load(reads: readonly StateRead[], results: readonly ReadResult[]): void {
    for (const [index, read] of reads.entries()) {
      const result = results[index];
      if (result !== undefined) this.#loadOne(read, result);
    }
  }

  #loadOne(read: StateRead, result: ReadResult): void {
    if (read.kind === 'members' && result.kind === 'members') {
      const { members } = this.#set(read.key);
      for (const [i, member] of read.members.entries()) if (result.present[i]) members.add(member);
    } else if (read.kind === 'scores' && result.kind === 'scores') {
      const { scores } = this.#sortedSet(read.key);
      for (const [i, member] of read.members.entries()) setDefined(scores, member, result.scores[i]);
    } else if (read.kind === 'fields' && result.kind === 'fields') {
      const { values } = this.#hash(read.key);
      for (const [i, field] of read.fields.entries()) setDefined(values, field, result.values[i]);
    } else if (result.kind === 'hash') {
      const { values } = this.#hash(read.key);
      for (const [field, value] of result.entries) values.set(field, value);
    } else if (result.kind === 'newest' || result.kind === 'oldest') {
      this.#sortedSet(read.key)[result.kind] = result.entries;
      for (const { member, score } of result.entries) this.#sortedSet(read.key).scores.set(member, score);
    } else if (result.kind === 'size') {
      this.#sortedSet(read.key).size = result.size;
    }
  }

  has(key: string, member: string): boolean {
    return this.#set(key).members.has(member);
  }

  add(key: string, member: string, keepMs: number): void {
    const set = this.#set(key);
    set.members.add(member);
    set.added.add(member);
    set.keepMs = Math.max(set.keepMs, keepMs);
  }

  score(key: string, member: string): number | undefined {
    return this.#sortedSet(key).scores.get(member);
  }

  /** How many entries, loaded or added here, have a score above `above`. */
  countAbove(key: string, above: number): number {
    let count = 0;
    for (const score of this.#sortedSet(key).scores.values()) if (score > above) count += 1;
    return count;
  }

  /** The size of a sorted set, if it was loaded, including changes made here. */
  size(key: string): number {
    return this.#sortedSet(key).size;
  }

  /** The loaded entries with the lowest scores, or the highest. */
  entries(key: string, which: 'oldest' | 'newest'): readonly ScoredMember[] {
    return this.#sortedSet(key)[which];
  }

  /** Adds the member, or raises its score; never lowers one. Without `keepMs` the key does not expire. */
  raise(key: string, member: string, score: number, keepMs?: number): void {
    const sorted = this.#sortedSet(key);
    const before = sorted.scores.get(member);
    if (before === undefined) sorted.size += 1;
    if (before !== undefined && before >= score) return;
    sorted.scores.set(member, score);
    sorted.raised.set(member, score);
    sorted.removed.delete(member);
    if (keepMs !== undefined) sorted.keepMs = Math.max(sorted.keepMs ?? 0, keepMs);
  }

  remove(key: string, member: string): void {
    const sorted = this.#sortedSet(key);
    sorted.size -= 1;
    sorted.scores.delete(member);
    sorted.raised.delete(member);
    sorted.removed.add(member);
  }

  /** Removes entries with a score below `below`, loaded or not. */
  prune(key: string, below: number): void {
    const sorted = this.#sortedSet(key);
    sorted.pruneBelow = Math.max(sorted.pruneBelow ?? below, below);
  }

  field(key: string, field: string): string | undefined {
    return this.#hash(key).values.get(field);
  }

  /** All fields of a hash, if it was loaded as a whole, including changes made here. */
  fields(key: string): ReadonlyMap<string, string> {
    return this.#hash(key).values;
  }

  setField(key: string, field: string, value: string, keepMs?: number): void {
    const hash = this.#hash(key);
    hash.values.set(field, value);
    hash.changed.set(field, value);
    hash.removed.delete(field);
    if (keepMs !== undefined) hash.keepMs = Math.max(hash.keepMs ?? 0, keepMs);
  }

  removeField(key: string, field: string): void {
    const hash = this.#hash(key);
    hash.values.delete(field);
    hash.changed.delete(field);
    hash.removed.add(field);
  }

  /** Adds to a decimal counter without reading it. */
  count(key: string, field: string, by: number): void {
    const { counted } = this.#hash(key);
    counted.set(field, (counted.get(field) ?? 0) + by);
  }

  removeHash(key: string): void {
    this.#hashes.set(key, { ...emptyHash(), gone: true });
  }

  /** Puts the alert into the sink's due queue, unless it is already there. */
  markDue(sink: string, alertId: string, delayMs: number): void {
    const marked = this.#due.some((due) => due.sink === sink && due.alertId === alertId && due.delayMs <= delayMs);
    if (!marked) this.#due.push({ kind: 'markDue', sink, alertId, delayMs });
  }

  /** All changes. Keys are ordered by `rank`, lowest first, so dependent entries are written last. */
  writes(rank: (key: string) => number): readonly StateWrite[] {
    const ranked: { readonly key: string; readonly write: StateWrite }[] = [];
    const push = (write: Exclude<StateWrite, { kind: 'markDue' }>) => ranked.push({ key: write.key, write });
    for (const [key, { added, keepMs }] of this.#sets) {
      if (added.size > 0) push({ kind: 'addMembers', key, members: [...added], keepMs });
    }
    for (const [key, { raised, removed, pruneBelow, keepMs }] of this.#sorted) {
      if (raised.size > 0) {
        const entries = [...raised].map(([member, score]) => ({ member, score }));
        push({ kind: 'setScores', key, mode: 'raise', entries, ...(keepMs === undefined ? {} : { keepMs }) });
      }
      if (removed.size > 0) push({ kind: 'removeScores', key, members: [...removed] });
      if (pruneBelow !== undefined) push({ kind: 'pruneScores', key, below: pruneBelow });
    }
    for (const [key, { changed, removed, counted, keepMs, gone }] of this.#hashes) {
      if (gone) push({ kind: 'removeKey', key });
      if (changed.size > 0) {
        const keep = keepMs === undefined ? {} : { keepMs };
        push({ kind: 'setFields', key, mode: 'set', fields: Object.fromEntries(changed), ...keep });
      }
      if (removed.size > 0) push({ kind: 'removeFields', key, fields: [...removed] });
      for (const [field, by] of counted) push({ kind: 'addToField', key, field, by });
    }
    for (const due of this.#due) ranked.push({ key: `due:${due.sink}`, write: due });
    return ranked.sort((a, b) => rank(a.key) - rank(b.key)).map(({ write }) => write);
  }

  #set(key: string) {
    return getOr(this.#sets, key, () => ({ members: new Set<string>(), added: new Set<string>(), keepMs: 0 }));
  }

  #sortedSet(key: string): SortedDraft {
    return getOr(this.#sorted, key, emptySorted);
  }

  #hash(key: string): HashDraft {
    return getOr(this.#hashes, key, emptyHash);
  }
}

interface SortedDraft {
  readonly scores: Map<string, number>;
  readonly raised: Map<string, number>;
  readonly removed: Set<string>;
  oldest: readonly ScoredMember[];
  newest: readonly ScoredMember[];
  size: number;
  pruneBelow: number | undefined;
  keepMs: number | undefined;
}

interface HashDraft {
  readonly values: Map<string, string>;
  readonly changed: Map<string, string>;
  readonly removed: Set<string>;
  readonly counted: Map<string, number>;
  keepMs: number | undefined;
  gone: boolean;
}

function emptySorted(): SortedDraft {
  return {
    scores: new Map(),
    raised: new Map(),
    removed: new Set(),
    oldest: [],
    newest: [],
    size: 0,
    pruneBelow: undefined,
    keepMs: undefined,
  };
}

function emptyHash(): HashDraft {
  return {
    values: new Map(),
    changed: new Map(),
    removed: new Set(),
    counted: new Map(),
    keepMs: undefined,
    gone: false,
  };
}

function setDefined<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value !== undefined) map.set(key, value);
}

function getOr<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
