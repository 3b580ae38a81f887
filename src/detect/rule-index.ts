import type { Field, FieldValues } from '../ecs/field.ts';
import { resolveField } from '../ecs/fields.ts';
import { compilePredicate, type Matcher } from '../query/match/compile-predicate.ts';
import type { FieldMemo, FieldSlots } from '../query/match/slots.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { projectOnto } from './project-onto.ts';

/**
 * The fields of the index: those that most rules constrain and that take few distinct values, so that caching the
 * result for each value pays off. Fields in one row follow from the first of them, whose value stands for all, because
 * they read the same part of the event. Rows that leave the fewest rules for the least cost come first.
 */
const INDEX_FIELDS = [
  ['kubernetes.audit.annotations.authorization_k8s_io/decision', 'event.outcome'],
  ['kubernetes.audit.impersonatedUser.username'],
  ['kubernetes.audit.verb', 'event.action'],
  ['kubernetes.audit.objectRef.resource', 'orchestrator.resource.type'],
  ['kubernetes.audit.objectRef.subresource'],
  ['kubernetes.audit.objectRef.namespace', 'orchestrator.namespace'],
  ['kubernetes.audit.user.username', 'user.name'],
  ['kubernetes.audit.stage'],
  ['kubernetes.audit.level'],
] as const;

/**
 * Fields that are rarely present without the first field of a row. On nearly every event none is present, and then a
 * rule that needs one of them is no candidate.
 */
const ABSENT_WITH: Readonly<Partial<Record<(typeof INDEX_FIELDS)[number][0], readonly string[]>>> = {
  'kubernetes.audit.impersonatedUser.username': ['kubernetes.audit.impersonatedUser.groups'],
};

interface IndexRow {
  /** The first field, and those whose values follow from it. */
  readonly fields: readonly Field[];
  /** See `ABSENT_WITH`. */
  readonly absentWith: readonly Field[];
}

const INDEX_ROWS: readonly IndexRow[] = INDEX_FIELDS.map((names) => ({
  fields: names.map(known),
  absentWith: (ABSENT_WITH[names[0]] ?? []).map(known),
}));

/** What a rule requires of a row of index fields; undefined: nothing. */
interface Projection {
  readonly alone: Matcher | undefined;
  /** Of the row and of the fields that are absent with it. */
  readonly together: Matcher | undefined;
}

/** The most cached values of one field; beyond it the cache starts anew, so that hostile values cannot fill it. */
const VALUES_PER_FIELD = 4_096;

/** Finds the rules that can possibly match an event. */
export interface RuleIndex {
  /** Calls `visit` for each candidate, in the order of the rules. Never skips a rule that matches. */
  candidates(memo: FieldMemo, visit: (rule: CompiledRule) => void): void;
}

/**
 * For each index field, a rule's query is projected onto that field alone. The rules that a value leaves possible are a
 * bit mask, cached by value; an event's candidates are the intersection of its masks.
 */
export function createRuleIndex(rules: readonly CompiledRule[], slots: FieldSlots): RuleIndex {
  const words = Math.ceil(rules.length / 32);
  const projected = rules.map((rule) => projectForIndex(rule, slots));
  const dimensions = INDEX_ROWS.map((row, index) =>
    createDimension(
      projected.flatMap((projections) => projections.slice(index, index + 1)),
      row,
      slots,
    ),
  ).filter((dimension) => dimension.constrains);
  const all = maskOf(rules.map(() => true));
  const possible = new Uint32Array(words);

  return {
    candidates(memo, visit) {
      possible.set(all);
      for (const dimension of dimensions) {
        const mask = dimension.mask(memo);
        let any = 0;
        for (let word = 0; word < words; word++) any |= possible[word] = (possible[word] ?? 0) & (mask[word] ?? 0);
        if (any === 0) return;
      }
      for (let word = 0; word < words; word++) {
        let bits = possible[word] ?? 0;
        while (bits !== 0) {
          const bit = 31 - Math.clz32(bits & -bits);
          bits &= bits - 1;
          const rule = rules[word * 32 + bit];
          if (rule !== undefined) visit(rule);
        }
      }
    },
  };
}

interface Dimension {
  /** False if no rule constrains the fields, so that they need not be read. */
  readonly constrains: boolean;
  /** The rules that are possible with the event's value of the field. */
  mask(memo: FieldMemo): Uint32Array;
}

/** Caches results of a pure function for the life of their rule, because a set with one changed rule is built anew. */
const projections = new WeakMap<CompiledRule, readonly Projection[]>();

/**
 * What the index must know about a rule. `createRuleIndex` computes it on demand; callers that build sets often compute
 * it earlier, rule by rule, so that building a large set does not block the event loop.
 *
 * @param slots the field slots that the rule was compiled with
 */
export function projectForIndex(rule: CompiledRule, slots: FieldSlots): readonly Projection[] {
  const before = projections.get(rule);
  if (before !== undefined) return before;
  const requiredOf = (fields: readonly Field[]) => {
    const projection = projectOnto(rule.predicate, ...fields);
    return projection === undefined ? undefined : compilePredicate(projection, slots);
  };
  const made = INDEX_ROWS.map(({ fields, absentWith }) => {
    const alone = requiredOf(fields);
    return { alone, together: absentWith.length === 0 ? alone : requiredOf([...fields, ...absentWith]) };
  });
  projections.set(rule, made);
  return made;
}

/** @param required what each rule requires of the row */
function createDimension(
  required: readonly Projection[],
  { fields, absentWith }: IndexRow,
  slots: FieldSlots,
): Dimension {
  const [slot = 0, ...others] = [...fields.slice(0, 1), ...absentWith].map(slots.slotOf);
  const remembered = new Map<FieldValues, Uint32Array>();
  const compute = (memo: FieldMemo, which: keyof Projection) =>
    maskOf(required.map(({ [which]: holds }) => holds === undefined || holds(memo)));
  return {
    constrains: required.some(({ together }) => together !== undefined),
    mask(memo) {
      const value = memo.read(slot);
      if (value !== undefined && typeof value !== 'string') return compute(memo, 'alone');
      if (value === undefined && others.some((other) => memo.read(other) !== undefined)) return compute(memo, 'alone');
      const before = remembered.get(value);
      if (before !== undefined) return before;
      if (remembered.size >= VALUES_PER_FIELD) remembered.clear();
      const mask = compute(memo, value === undefined ? 'together' : 'alone');
      remembered.set(value, mask);
      return mask;
    },
  };
}

function maskOf(flags: readonly boolean[]): Uint32Array {
  const mask = new Uint32Array(Math.ceil(flags.length / 32));
  for (const [index, flag] of flags.entries()) {
    if (flag) mask[index >>> 5] = (mask[index >>> 5] ?? 0) | (1 << (index & 31));
  }
  return mask;
}

/**
 * What the index checks before it tries a rule with this query: a condition on each index field of which the query
 * requires something. Empty: the rule is a candidate for every event.
 */
export function indexedBy(predicate: Predicate): readonly Predicate[] {
  return INDEX_FIELDS.flat().flatMap((name) => projectOnto(predicate, known(name)) ?? []);
}

function known(name: string): Field {
  const field = resolveField(name);
  if (field === undefined) throw new Error(`there is no field ${name}`);
  return field;
}
