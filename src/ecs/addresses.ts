import ipaddr from 'ipaddr.js';
import type { FieldValues } from './field.ts';
import { textSet } from './values.ts';

const LONGEST_ADDRESS = 45;
const MAX_HOPS = 1_000;
const MAX_REMEMBERED = 4_096;
const remembered = new Map<string, boolean>();

/**
 * The addresses of a list; absent if one entry is not an address, because Elastic's ingest pipeline then drops the
 * whole list. Only the last 1,000 hops are read: a client can send a header with a hundred thousand.
 */
export function addressSet(list: readonly string[] | undefined): FieldValues {
  if (list === undefined) return undefined;
  const hops = list.length > MAX_HOPS ? list.slice(-MAX_HOPS) : list;
  return hops.every(isAddress) ? textSet(hops) : undefined;
}

/**
 * True for a dotted quad without leading zeros and for an IPv6 address without zone. These are what Elasticsearch's
 * `ip` type accepts and all that Go's net.ParseIP accepts. Recent answers are cached, since most requests come from a
 * few addresses.
 */
export function isAddress(text: string): boolean {
  if (text.length > LONGEST_ADDRESS) return false;
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const valid = ipaddr.IPv4.isValidFourPartDecimal(text) || (!text.includes('%') && ipaddr.IPv6.isValid(text));
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(text, valid);
  return valid;
}
