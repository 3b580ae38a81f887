import type { Field, FieldValue, FieldValues } from '../ecs/field.ts';
import type { Matcher } from '../query/match/compile-predicate.ts';
import { compileAnyOf } from '../query/match/compile-test.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { LikePiece, Test } from '../query/predicate/predicate.ts';
import { addressKey, addressRange } from '../query/values/address.ts';
import type { ValueListDocument } from './document.ts';
import { describeValue } from './document-problem.ts';

export type CompiledValueList =
  | { readonly kind: 'ok'; readonly matches: Matcher }
  /** `index` of the invalid value; absent if the field cannot have a list at all. */
  | { readonly kind: 'invalid'; readonly message: string; readonly hint: string; readonly index?: number };

/** A range of address keys, which sort like addresses; both ends are inclusive. */
interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** Whether an event value is in the list: a text, or an address key. */
type LookUp = (value: FieldValue) => boolean;

/** The invalid value. */
type WrongValue = { readonly index: number };

/**
 * A value list as a function of an event. Whatever the length of the list, a value of the event costs one lookup: texts
 * are in a set, addresses in sorted disjoint ranges. Only `wildcard` lists are tried one by one.
 */
export function compileValueList(list: ValueListDocument, field: Field, slots: FieldSlots): CompiledValueList {
  const slot = slots.slotOf(field);
  if (field.type === 'ip') {
    const has = lookUpOf(list.values, addressLookUp);
    if (typeof has !== 'function') return noAddress(list.values[has.index] ?? '', has.index);
    return compiled((memo) => some(memo.readAddresses(slot), has), list.excluded);
  }
  if (list.type === 'ip_range' || field.type === 'date') {
    const holds = field.type === 'date' ? 'a time' : `no addresses`;
    const hint = 'name a field that holds addresses, such as source.ip, or write a query';
    return { kind: 'invalid', message: `${field.name} holds ${holds}, which cannot be compared with a list`, hint };
  }
  const has =
    list.type === 'wildcard'
      ? compileAnyOf(list.values.map(toLike), field.type)
      : lookUpOf(list.values, list.type === 'text' ? caselessLookUp : textLookUp);
  return compiled((memo) => some(memo.read(slot), has), list.excluded);
}

/** Rules share lists, which may be long: the prepared form is kept as long as the list. */
const made = new WeakMap<readonly string[], Map<unknown, unknown>>();

function lookUpOf<T>(values: readonly string[], make: (values: readonly string[]) => T): T {
  const ofList = made.get(values) ?? new Map<unknown, unknown>();
  made.set(values, ofList);
  if (!ofList.has(make)) ofList.set(make, make(values));
  return ofList.get(make) as T;
}

function textLookUp(values: readonly string[]): LookUp {
  const texts = new Set(values);
  return (value) => texts.has(String(value));
}

function caselessLookUp(values: readonly string[]): LookUp {
  const texts = new Set(values.map((value) => value.toLowerCase()));
  return (value) => texts.has(String(value).toLowerCase());
}

function addressLookUp(values: readonly string[]): LookUp | WrongValue {
  const ranges: AddressRange[] = [];
  for (const [index, value] of values.entries()) {
    const range = toRange(value.trim());
    if (range === undefined) return { index };
    ranges.push(range);
  }
  return rangeLookUp(ranges);
}

function compiled(matches: Matcher, excluded: boolean): CompiledValueList {
  return { kind: 'ok', matches: excluded ? (memo) => !matches(memo) : matches };
}

function some(values: FieldValues, passes: (value: FieldValue) => boolean): boolean {
  if (values === undefined) return false;
  return typeof values === 'object' ? values.some(passes) : passes(values);
}

/** An address, a prefix, or an inclusive range of addresses. */
function toRange(text: string): AddressRange | undefined {
  if (text.includes('/')) return addressRange(text);
  const dash = text.indexOf('-');
  const first = addressKey((dash === -1 ? text : text.slice(0, dash)).trim());
  const last = dash === -1 ? first : addressKey(text.slice(dash + 1).trim());
  return first === undefined || last === undefined || last < first ? undefined : { first, last };
}

function noAddress(value: string, index: number): CompiledValueList {
  const message = `expected an address, a prefix or a range, found ${describeValue(value)} (value ${index + 1} of the list)`;
  return { kind: 'invalid', message, hint: 'write 10.0.0.1, 10.0.0.0/8 or 10.0.0.1-10.0.0.9', index };
}

/** Merges overlapping ranges, so only the last range that begins at or before a key can contain it. */
function rangeLookUp(ranges: readonly AddressRange[]): LookUp {
  const firsts: string[] = [];
  const lasts: string[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const end = lasts.length - 1;
    const previous = lasts[end];
    if (previous === undefined || first > previous) {
      firsts.push(first);
      lasts.push(last);
    } else if (last > previous) {
      lasts[end] = last;
    }
  }
  return (key) => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return low > 0 && key <= (lasts[low - 1] ?? '');
  };
}

/** `*` matches any text, `?` one character; a backslash escapes them, as in Elasticsearch. */
function toLike(pattern: string): Test {
  const pieces: LikePiece[] = [];
  let literal = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    const wildcard = character === '*' ? 'any' : character === '?' ? 'one' : undefined;
    if (wildcard === undefined) {
      if (character === '\\' && at + 1 < pattern.length) at += 1;
      literal += pattern[at];
      continue;
    }
    if (literal !== '') pieces.push({ literal });
    literal = '';
    pieces.push(wildcard);
  }
  if (literal !== '') pieces.push({ literal });
  return { kind: 'like', pieces };
}
