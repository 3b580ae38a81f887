import type { Field } from '../ecs/field.ts';
import { nearest } from '../query/nearest.ts';
import { addressKey, addressRange } from '../query/values/address.ts';
import { formatAddress } from '../query/values/format-address.ts';
import { productOf } from './product.ts';

/** Gives the values of a field that count as one the same text. */
export type Canonicalise = (value: string) => string;

export type CanonicalForm =
  | { readonly kind: 'ok'; readonly canonicalise: Canonicalise }
  | { readonly kind: 'invalid'; readonly message: string; readonly hint: string };

const FORMS = ['product', 'lowercase'];
const PREFIXES = /^\/(\d{1,3}) *, *\/(\d{1,3})$/;
const PREFIX_EXAMPLE = '"/24, /64": the network of an IPv4 address, and that of an IPv6 address';

/**
 * The form in which the values of a field are remembered, as a rule names it: `product` for user agents, `lowercase` for text, and for
 * addresses two prefix lengths such as `/24, /64`, that of IPv4 first. What does not suit the field is refused with what does.
 */
export function canonicalForm(form: string, field: Field): CanonicalForm {
  if (field.type === 'ip') return networkForm(form, field);
  if (field.type !== 'keyword') {
    return invalid(`${field.name} holds values of type ${field.type}, which have one form only`, 'leave it out');
  }
  switch (form) {
    case 'product':
      if (field.name === 'user_agent.original') return { kind: 'ok', canonicalise: productOf };
      return invalid(
        `product is a form of user_agent.original, and ${field.name} holds no user agents`,
        'write lowercase',
      );
    case 'lowercase':
      return { kind: 'ok', canonicalise: (value) => value.toLowerCase() };
    default: {
      if (form.startsWith('/')) {
        return invalid(`prefix lengths are for addresses, and ${field.name} holds text`, `write ${formsOf(field)}`);
      }
      const near = nearest(form, FORMS);
      return invalid('no such form', near === undefined ? `write ${formsOf(field)}` : `did you mean ${near}?`);
    }
  }
}

function formsOf({ name }: Field): string {
  return name === 'user_agent.original' ? 'product or lowercase' : 'lowercase';
}

function networkForm(form: string, { name }: Field): CanonicalForm {
  if (FORMS.includes(form))
    return invalid(`${name} holds addresses, and ${form} is for text`, `write ${PREFIX_EXAMPLE}`);
  const [, ipv4, ipv6] = PREFIXES.exec(form) ?? [];
  if (ipv4 === undefined || ipv6 === undefined) {
    return invalid('expected two prefix lengths, that of IPv4 first', `write ${PREFIX_EXAMPLE}`);
  }
  if (Number(ipv4) > 32)
    return invalid(`an IPv4 address has 32 bits, and /${ipv4} is longer`, `write ${PREFIX_EXAMPLE}`);
  if (Number(ipv6) > 128)
    return invalid(`an IPv6 address has 128 bits, and /${ipv6} is longer`, `write ${PREFIX_EXAMPLE}`);
  return { kind: 'ok', canonicalise: (value) => networkOf(value, Number(ipv4), Number(ipv6)) };
}

/** An IPv4-mapped IPv6 address is the IPv4 address that it stands for. What is no address stays as it is. */
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
