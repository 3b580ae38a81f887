import ipaddr from 'ipaddr.js';

const MAPPED = '00000000000000000000ffff';

/** An address key (see `addressKey`) as text: a dotted quad, or IPv6 in its shortest form. */
export function formatAddress(key: string): string {
  const words = Array.from({ length: 8 }, (_, index) => Number.parseInt(key.slice(index * 4, index * 4 + 4), 16));
  if (!key.startsWith(MAPPED)) return new ipaddr.IPv6(words).toRFC5952String();
  const octets = words.slice(6).flatMap((word) => [word >> 8, word & 0xff]);
  return octets.join('.');
}
