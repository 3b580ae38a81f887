import type { Field } from '../../ecs/field.ts';
import { clip, type ProblemKind } from '../problem.ts';
import { addressKey, addressRange } from '../values/address.ts';
import { type DateSpan, parseDate } from '../values/date.ts';
import type { Predicate, Test } from './predicate.ts';

type Order = '<' | '<=' | '>' | '>=';

/** A condition, or why a field of this type cannot have such a value. */
export type Lowered =
  | { readonly kind: 'ok'; readonly predicate: Predicate }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string; readonly as?: ProblemKind };

const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i;

/** The field has this value, by its type. A date with less than microsecond precision covers its whole span. */
export function lowerEqual(field: Field, text: string): Lowered {
  switch (field.type) {
    case 'keyword':
      return ok(any(field, { kind: 'equals', value: text }));
    case 'ip':
      return lowerAddress(field, text);
    case 'integer':
      return NUMBER.test(text) ? ok(any(field, { kind: 'equals', value: Number(text) })) : noNumber(field, text);
    case 'boolean':
      return text === 'true' || text === 'false'
        ? ok(any(field, { kind: 'equals', value: text === 'true' }))
        : refused(`\`${clip(text)}\` is neither true nor false, but ${field.name} is a boolean`, 'write true or false');
    case 'date': {
      const span = parseDate(text);
      if (span === undefined) return noDate(field, text);
      const first = any(field, { kind: 'range', operator: '>=', value: span.first });
      const last = any(field, { kind: 'range', operator: '<=', value: span.last });
      return ok({ kind: 'and', operands: [first, last] });
    }
  }
}

/** Numbers and dates compare by size, addresses by their order, keywords as text; booleans have no order. */
export function lowerOrder(field: Field, operator: Order, text: string): Lowered {
  const range = (value: string | number): Lowered => ok(any(field, { kind: 'range', operator, value }));
  switch (field.type) {
    case 'keyword':
      return range(text);
    case 'ip':
      return addressKey(text) === undefined ? noAddress(field, text) : range(text);
    case 'integer':
      return NUMBER.test(text) ? range(Number(text)) : noNumber(field, text);
    case 'boolean':
      return refused(`${field.name} is a boolean and has no order`, 'compare it with true or false');
    case 'date': {
      const span = parseDate(text);
      return span === undefined ? noDate(field, text) : range(boundOf(span, operator));
    }
  }
}

/** As in Elasticsearch: "before" and "from" a day count from its start, "after" and "up to" from its end. */
function boundOf(span: DateSpan, operator: Order): number {
  return operator === '<' || operator === '>=' ? span.first : span.last;
}

function lowerAddress(field: Field, text: string): Lowered {
  if (!text.includes('/')) {
    return addressKey(text) === undefined ? noAddress(field, text) : ok(any(field, { kind: 'equals', value: text }));
  }
  if (addressRange(text) !== undefined) return ok(any(field, { kind: 'cidr', cidr: text }));
  return refused(
    `\`${clip(text)}\` is not a range of IP addresses, but ${field.name} holds addresses`,
    'write a prefix such as 10.0.0.0/8 or "2001:db8::/32"',
  );
}

function noAddress(field: Field, text: string): Lowered {
  return refused(
    `\`${clip(text)}\` is not an IP address, but ${field.name} holds addresses`,
    'write an address such as 10.0.0.1 or "2001:db8::1", or a prefix such as 10.0.0.0/8',
  );
}

function noNumber(field: Field, text: string): Lowered {
  return refused(`\`${clip(text)}\` is not a number, but ${field.name} holds numbers`, 'write a number such as 403');
}

function noDate(field: Field, text: string): Lowered {
  if (/^now\b/.test(text) || text.includes('||')) {
    return refused(
      `date math (\`${clip(text)}\`) is not supported: events are evaluated as they arrive, so there is no search time to count back from`,
      'write a date such as "2026-01-31T08:00:00Z"; a setting of the rule says how far it looks back',
      'unsupported',
    );
  }
  return refused(
    `\`${clip(text)}\` is not a date, but ${field.name} holds dates`,
    'write a date such as "2026-01-31" or "2026-01-31T08:00:00Z"',
  );
}

function any(field: Field, test: Test): Predicate {
  return { kind: 'any', field, test };
}

function ok(predicate: Predicate): Lowered {
  return { kind: 'ok', predicate };
}

function refused(message: string, hint: string, as?: ProblemKind): Lowered {
  return { kind: 'refused', message, hint, ...(as !== undefined && { as }) };
}
