/** A modifier of a field name in a Sigma rule: `field|modifier`. */
export interface SigmaModifierRow {
  readonly name: string;
  /** What it does here, or why it is refused. One sentence. */
  readonly doc: string;
  readonly refused?: true;
}

const ENCODING = 'Audit events hold their texts as they are, in no such encoding.';
const TIME = 'It takes a date apart, and no rule for audit events has used it.';

/** @see https://sigmahq.io specification v2.1, "Modifiers" */
export const SIGMA_MODIFIERS: readonly SigmaModifierRow[] = [
  { name: 'contains', doc: 'The text is somewhere in the value.' },
  { name: 'startswith', doc: 'The value begins with the text.' },
  { name: 'endswith', doc: 'The value ends with the text.' },
  { name: 'all', doc: 'All values of the list have to match, not one of them.' },
  { name: 'cased', doc: 'Letter case counts.' },
  { name: 'neq', doc: 'The field has none of the values; also true where it is absent.' },
  { name: 're', doc: 'The regular expression is found in the value. RE2: no lookaround, no backreferences.' },
  { name: 'i', doc: 'Behind re: letter case does not count.' },
  { name: 'm', doc: 'Behind re: ^ and $ stand for the ends of each line.' },
  { name: 's', doc: 'Behind re: a dot stands for a line break too.' },
  { name: 'cidr', doc: 'An address of the field is in the range.' },
  { name: 'exists', doc: 'The field has a value (true) or none (false). An empty text is none.' },
  { name: 'lt', doc: 'The number is below.' },
  { name: 'lte', doc: 'The number is below or equal.' },
  { name: 'gt', doc: 'The number is above.' },
  { name: 'gte', doc: 'The number is above or equal.' },
  { name: 'fieldref', doc: 'EQL compares a field with a constant, not with another field.', refused: true },
  {
    name: 'expand',
    doc: 'Placeholders get their values from a processing pipeline, and there is none.',
    refused: true,
  },
  { name: 'windash', doc: 'It is for the command lines of Windows.', refused: true },
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
