import ipaddr from 'ipaddr.js';

const MAPPED_IPV4 = '00000000000000000000ffff';
const LONGEST_IPV6 = 45;

/**
 * The canonical form of an IP address, or undefined if the text is not one: 32 hexadecimal digits, equal for all
 * spellings of one address, and sorted like addresses. An IPv4 address takes the form of its IPv4-mapped IPv6 address
 * (as in Elasticsearch), so `10.0.0.1` and `::ffff:10.0.0.1` are equal.
 */
export function addressKey(text: string): string | undefined {
  if (!text.includes(':')) return ipv4Key(text);
  if (text.length > LONGEST_IPV6 || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text)
    .parts.map((part) => part.toString(16).padStart(4, '0'))
    .join('');
}

/** The keys of the first and the last address of a prefix such as `10.0.0.0/8`, or undefined if the text is not one. */
export function addressRange(cidr: string): { readonly first: string; readonly last: string } | undefined {
  const slash = cidr.indexOf('/');
  const address = cidr.slice(0, Math.max(slash, 0));
  const length = cidr.slice(slash + 1);
  const key = addressKey(address);
  if (key === undefined || !/^\d{1,3}$/.test(length)) return undefined;
  const bits = Number(length) + (address.includes(':') ? 0 : 96);
  if (bits > 128) return undefined;
  const whole = bits >> 2;
  const head = key.slice(0, whole);
  if (whole === 32) return { first: key, last: key };
  const free = 0xf >> (bits & 3);
  const digit = Number.parseInt(key.charAt(whole), 16);
  const low = (digit & ~free).toString(16);
  const high = (digit | free).toString(16);
  return { first: (head + low).padEnd(32, '0'), last: (head + high).padEnd(32, 'f') };
}

/** Four decimal numbers without leading zeros: octal, hexadecimal and short forms are refused. */
function ipv4Key(text: string): string | undefined {
  if (text.length < 7 || text.length > 15) return undefined;
  let value = 0;
  let octets = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    if (at < text.length && text.charCodeAt(at) !== 46) continue;
    const octet = decimalOctet(text, start, at);
    if (octet === undefined) return undefined;
    value = value * 256 + octet;
    octets += 1;
    start = at + 1;
  }
  return octets === 4 ? MAPPED_IPV4 + value.toString(16).padStart(8, '0') : undefined;
}

function decimalOctet(text: string, start: number, end: number): number | undefined {
  if (end === start || end - start > 3 || (end - start > 1 && text.charCodeAt(start) === 48)) return undefined;
  let octet = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    octet = octet * 10 + digit;
  }
  return octet <= 255 ? octet : undefined;
}
