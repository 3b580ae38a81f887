import ipaddr from 'ipaddr.js';

const MAPPED = '00000000000000000000ffff';

/** An address key (see `addressKey`) as text: a dotted quad, or IPv6 in its shortest form. */
export function formatAddress(key: string): string {
  if (key.startsWith(MAPPED)) {
    const address = Number.parseInt(key.slice(MAPPED.length), 16);
    return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
  }
  const words = Array.from({ length: 8 }, (_, index) => Number.parseInt(key.slice(index * 4, index * 4 + 4), 16));
  return new ipaddr.IPv6(words).toRFC5952String();
}
