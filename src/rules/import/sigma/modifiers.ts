/** A modifier of a field name in a Sigma rule: `field|modifier`. */
export interface SigmaModifierRow {
  readonly name: string;
  /** What it does, or why it is refused. One sentence. */
  readonly doc: string;
  readonly refused?: true;
}

const ENCODING = 'Audit events hold plain text, never encoded like this.';
const TIME = 'Refused: it extracts a part of a date, which rules for audit events do not need.';

/** @see https://sigmahq.io specification v2.1, "Modifiers" */
export const SIGMA_MODIFIERS: readonly SigmaModifierRow[] = [
  { name: 'contains', doc: 'The value contains the text.' },
  { name: 'startswith', doc: 'The value begins with the text.' },
  { name: 'endswith', doc: 'The value ends with the text.' },
  { name: 'all', doc: 'All values of the list must match, not just one.' },
  { name: 'cased', doc: 'The comparison is case-sensitive.' },
  { name: 'neq', doc: 'The field has none of the values; also true where it is absent.' },
  { name: 're', doc: 'The value contains a match of the regular expression. RE2: no lookaround, no backreferences.' },
  { name: 'i', doc: 'After re: case-insensitive.' },
  { name: 'm', doc: 'After re: ^ and $ match at the ends of each line.' },
  { name: 's', doc: 'After re: a dot matches line breaks too.' },
  { name: 'cidr', doc: 'An address of the field is in the range.' },
  { name: 'exists', doc: 'The field has a value (true) or none (false). An empty text counts as none.' },
  { name: 'lt', doc: 'The number is below.' },
  { name: 'lte', doc: 'The number is below or equal.' },
  { name: 'gt', doc: 'The number is above.' },
  { name: 'gte', doc: 'The number is above or equal.' },
  { name: 'fieldref', doc: 'EQL compares a field with a constant, not with another field.', refused: true },
  {
    name: 'expand',
    doc: 'Placeholders need a processing pipeline, which firstseen does not have.',
    refused: true,
  },
  { name: 'windash', doc: 'It applies to Windows command lines only.', refused: true },
  { name: 'base64', doc: ENCODING, refused: true },
  { name: 'base64offset', doc: ENCODING, refused: true },
  { name: 'utf16', doc: ENCODING, refused: true },
  { name: 'utf16le', doc: ENCODING, refused: true },
  { name: 'utf16be', doc: ENCODING, refused: true },
  { name: 'wide', doc: ENCODING, refused: true },
  { name: 'minute', doc: TIME, refused: true },
  { name: 'hour', doc: TIME, refused: true },
  { name: 'day', doc: TIME, refused: true },
  { name: 'week', doc: TIME, refused: true },
  { name: 'month', doc: TIME, refused: true },
  { name: 'year', doc: TIME, refused: true },
];
