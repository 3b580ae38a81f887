import { fail } from './fail.ts';

/** Where a member stands: names of members and places in arrays. */
export type Path = readonly (string | number)[];

export interface Mutant {
  /** Such as `user.extra.*: null`. */
  readonly what: string;
  readonly event: unknown;
}

const DROPPED = Symbol('dropped');
/** Beyond the bound of a text, and beyond that of depth. */
const LONG = 'x'.repeat(300_000);
const DEEP: unknown = Array.from({ length: 100 }).reduce((inner) => ({ a: [inner] }), 1);

type Replacement = readonly [string, (member: unknown) => unknown];

/** What stands in the place of a member: nothing, and each type in forms that somebody may not have thought of; and what is too large. */
const REPLACEMENTS = {
  'each type': [
    ['nothing', () => DROPPED],
    ['null', () => null],
    ['""', () => ''],
    ['a text', () => '%'],
    ['0', () => 0],
    ['-1.5', () => -1.5],
    ['1e308', () => 1e308],
    ['true', () => true],
    ['[]', () => []],
    ['[null]', () => [null]],
    ['[itself]', (member) => [member]],
    ['{}', () => ({})],
    ['{a: null}', () => ({ a: null })],
    ['{__proto__: itself}', (member) => Object.fromEntries([['__proto__', member]])],
  ],
  'something large': [
    ['a long text', () => LONG],
    ['something deep', () => DEEP],
  ],
} as const satisfies Readonly<Record<string, readonly Replacement[]>>;

/** All members of a value, at every depth. */
export function placesIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return members.flatMap(([name, member]) => [[...path, name], ...placesIn(member, [...path, name])]);
}

/** The event with one member, at any depth, dropped or replaced: each member in each way. */
export function mutantsOf(event: unknown, replacements: keyof typeof REPLACEMENTS): readonly Mutant[] {
  return placesIn(event).flatMap((path) =>
    REPLACEMENTS[replacements].map(([name, replacement]) => ({
      what: `${path.join('.')}: ${name}`,
      event: replaced(event, path, replacement),
    })),
  );
}

/** The event with the member at the path dropped or replaced; unchanged if there is none. @param way which replacement, counted on and on */
export function replacedBy(event: unknown, path: Path, way: number): unknown {
  const ways = REPLACEMENTS['each type'];
  return path.length === 0 ? event : replaced(event, path, ways[way % ways.length]?.[1] ?? fail());
}

function replaced(value: unknown, [name, ...rest]: Path, replacement: (member: unknown) => unknown): unknown {
  if (name === undefined) return replacement(value);
  if (Array.isArray(value)) {
    return value.flatMap((member: unknown, index) => {
      const now = index === name ? replaced(member, rest, replacement) : member;
      return now === DROPPED ? [] : [now];
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => [
    key,
    key === name ? replaced(member, rest, replacement) : member,
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== DROPPED));
}
