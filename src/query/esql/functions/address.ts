import { addressRange } from '../../values/address.ts';
import { type FunctionRow, parameter } from '../function-row.ts';
import { type Scalar, toList } from '../value.ts';

const MAPPED = '00000000000000000000ffff';

/** The address with all but its first bits cleared. In its long form, an IPv4 address has a fixed prefix of 96 bits. */
function prefixOf(key: string, bits: number): string {
  const whole = bits >> 2;
  if (whole >= 32) return key;
  const kept = Number.parseInt(key.charAt(whole), 16) & ~(0xf >> (bits & 3));
  return (key.slice(0, whole) + kept.toString(16)).padEnd(32, '0');
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/ip-functions */
export const ADDRESS_FUNCTIONS: readonly FunctionRow[] = [
  {
    kind: 'scalar',
    name: 'cidr_match',
    parameters: [parameter('ip', 'ip'), parameter('blockX', 'keyword')],
    variadic: true,
    returns: 'boolean',
    doc: 'Whether the address is in one of the prefixes, such as "10.0.0.0/8".',
    check: ([, ...blocks]) => {
      const wrong = blocks
        .flatMap((block) => toList(block ?? null))
        .find((block) => addressRange(String(block)) === undefined);
      return wrong === undefined
        ? undefined
        : `"${String(wrong).slice(0, 60).toWellFormed()}" is not a prefix such as 10.0.0.0/8`;
    },
    evaluate: ([address, ...blocks], call) => {
      for (const block of blocks) {
        const range = addressRange(String(block));
        if (range === undefined) return call.warn('not a prefix such as 10.0.0.0/8');
        if (String(address) >= range.first && String(address) <= range.last) return true;
      }
      return false;
    },
  },
  {
    kind: 'scalar',
    name: 'ip_prefix',
    parameters: [parameter('ip', 'ip'), parameter('prefixLengthV4', 'integer'), parameter('prefixLengthV6', 'integer')],
    returns: 'ip',
    doc: 'The network of an address: its first bits, with a prefix length for each address family.',
    evaluate: ([address, v4, v6]: readonly Scalar[], call) => {
      const key = String(address);
      if (Number(v4) < 0 || Number(v4) > 32) return call.warn(`Prefix length v4 must be in range [0, 32], found ${v4}`);
      if (Number(v6) < 0 || Number(v6) > 128)
        return call.warn(`Prefix length v6 must be in range [0, 128], found ${v6}`);
      return prefixOf(key, key.startsWith(MAPPED) ? 96 + Number(v4) : Number(v6));
    },
  },
];
