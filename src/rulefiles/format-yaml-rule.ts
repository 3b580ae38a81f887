import { Document, isMap, isScalar, Scalar, visit } from 'yaml';
import type { RuleDocument } from '../rules/document.ts';
import { toDetectionRule } from '../rules/to-detection-rule.ts';

const LINE_WIDTH = 120;
/** Longer texts are folded; longer lists have one line per item. */
const SHORT = 90;
/** Invisible characters except line breaks and tabs. Some break a line in YAML 1.1 but not in 1.2. */
const UNSEEN = /[^\P{C}\n\t]|[\u2028\u2029]/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');
/** Settings that read better on one line. */
const ON_ONE_LINE: ReadonlySet<unknown> = new Set(['tactic', 'technique']);

/**
 * A rule as hand-written YAML: multi-line texts such as the query as blocks, defaults omitted. It reads the same in
 * YAML 1.2, which firstseen reads, and in 1.1, which kubectl reads.
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
  // All of it is in double quotes, where escapes are possible.
  return text.replace(UNSEEN_ALL, escaped);
}

/** The length of an item in a one-line list; infinite if it cannot be in one. */
function lengthOf(item: unknown): number {
  if (!isScalar(item)) return Number.POSITIVE_INFINITY;
  const text = String(item.value);
  return text.includes('\n') ? Number.POSITIVE_INFINITY : text.length + 2;
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}
