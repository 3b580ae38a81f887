import { Document, isMap, isScalar, Scalar, visit } from 'yaml';
import type { RuleDocument } from '../rules/document.ts';
import { toDetectionRule } from '../rules/to-detection-rule.ts';

const LINE_WIDTH = 120;
/** A text of one line beyond this is folded; a list beyond this has a line for each item. */
const SHORT = 90;
/** What cannot be seen, but for line breaks and tabs. Some of it breaks a line in YAML 1.1 and not in 1.2. */
const UNSEEN = /[^\P{C}\n\t]|[\u2028\u2029]/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');
/** Settings that read better on one line. */
const ON_ONE_LINE: ReadonlySet<unknown> = new Set(['tactic', 'technique']);

/**
 * A rule as a YAML document as a person would write it: the query and other texts of several lines as they are, nothing that
 * is the default. It reads the same to YAML 1.2, which we read, and 1.1, which kubectl does.
 */
export function formatYamlRule(document: RuleDocument): string {
  const yaml = new Document(toDetectionRule(document), { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  visit(yaml, {
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || value === null) return;
      if (key.value === 'query' && isScalar(value)) value.type = Scalar.BLOCK_LITERAL;
      if (ON_ONE_LINE.has(key.value) && isMap(value)) value.flow = true;
    },
    Seq: (_key, seq) => {
      const length = seq.items.reduce<number>((sum, item) => sum + lengthOf(item), 0);
      if (length <= SHORT) seq.flow = true;
    },
    Scalar: (_key, scalar) => {
      const { value } = scalar;
      if (typeof value !== 'string') return;
      if (UNSEEN.test(value)) scalar.type = Scalar.QUOTE_DOUBLE;
      else if (value.includes('\n')) scalar.type = Scalar.BLOCK_LITERAL;
      else if (value.length > SHORT && value.includes(' ') && scalar.type === undefined)
        scalar.type = Scalar.BLOCK_FOLDED;
    },
  });
  const text = yaml.toString({ lineWidth: LINE_WIDTH, minContentWidth: 0 });
  // All of it stands in double quotes, where it can be written as an escape.
  return text.replace(UNSEEN_ALL, escaped);
}

/** Of an item as it would stand in a list on one line; what cannot stand there is longer than any line. */
function lengthOf(item: unknown): number {
  if (!isScalar(item)) return Number.POSITIVE_INFINITY;
  const text = String(item.value);
  return text.includes('\n') ? Number.POSITIVE_INFINITY : text.length + 2;
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}
