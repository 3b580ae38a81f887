import type { Field } from '../ecs/field.ts';
import { nearest } from '../query/nearest.ts';
import { addressKey, addressRange } from '../query/values/address.ts';
import { formatAddress } from '../query/values/format-address.ts';
import { productOf } from './product.ts';

/** Maps equivalent values of a field to the same text. */
export type Canonicalise = (value: string) => string;

export type CanonicalForm =
  | { readonly kind: 'ok'; readonly canonicalise: Canonicalise }
  | { readonly kind: 'invalid'; readonly message: string; readonly hint: string };

const FORMS = ['product', 'lowercase'];
const PREFIXES = /^\/(\d{1,3}) *, *\/(\d{1,3})$/;
const PREFIX_EXAMPLE = '"/24, /64": the network prefixes for IPv4 and IPv6';

/**
 * The form in which field values are remembered, as a rule names it: `product` for user agents, `lowercase` for text,
 * and for addresses two prefix lengths such as `/24, /64`, IPv4 first. A form that does not fit the field is refused
 * with a hint.
 */
export function canonicalForm(form: string, field: Field): CanonicalForm {
  if (field.type === 'ip') return networkForm(form, field);
  if (field.type !== 'keyword') {
    return invalid(`${field.name} holds values of type ${field.type}, which need no normalisation`, 'remove this form');
  }
  switch (form) {
    case 'product':
      if (field.name === 'user_agent.original') return { kind: 'ok', canonicalise: productOf };
      return invalid(`product applies to user_agent.original only, but this is ${field.name}`, 'write lowercase');
    case 'lowercase':
      return { kind: 'ok', canonicalise: (value) => value.toLowerCase() };
    default: {
      if (form.startsWith('/')) {
        return invalid(`prefix lengths apply to addresses, but ${field.name} holds text`, `write ${formsOf(field)}`);
      }
      const near = nearest(form, FORMS);
      return invalid('unknown form', near === undefined ? `write ${formsOf(field)}` : `did you mean ${near}?`);
    }
  }
}

function formsOf({ name }: Field): string {
  return name === 'user_agent.original' ? 'product or lowercase' : 'lowercase';
}

function networkForm(form: string, { name }: Field): CanonicalForm {
  if (FORMS.includes(form))
    return invalid(`${form} applies to text, but ${name} holds addresses`, `write ${PREFIX_EXAMPLE}`);
  const [, ipv4, ipv6] = PREFIXES.exec(form) ?? [];
  if (ipv4 === undefined || ipv6 === undefined) {
    return invalid('expected two prefix lengths, IPv4 first', `write ${PREFIX_EXAMPLE}`);
  }
  if (Number(ipv4) > 32)
    return invalid(`an IPv4 prefix has at most 32 bits, found /${ipv4}`, `write ${PREFIX_EXAMPLE}`);
  if (Number(ipv6) > 128)
    return invalid(`an IPv6 prefix has at most 128 bits, found /${ipv6}`, `write ${PREFIX_EXAMPLE}`);
  return { kind: 'ok', canonicalise: (value) => networkOf(value, Number(ipv4), Number(ipv6)) };
}

/** An IPv4-mapped IPv6 address counts as its IPv4 address. Text that is not an address stays unchanged. */
function networkOf(value: string, ipv4: number, ipv6: number): string {
  const key = addressKey(value);
  if (key === undefined) return value;
  const address = formatAddress(key);
  const length = address.includes(':') ? ipv6 : ipv4;
  const range = addressRange(`${address}/${length}`);
  return range === undefined ? value : `${formatAddress(range.first)}/${length}`;
}

function invalid(message: string, hint: string): CanonicalForm {
  return { kind: 'invalid', message, hint };
}
