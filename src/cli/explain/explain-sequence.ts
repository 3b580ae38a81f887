import type { EqlItem, EqlSequence } from '../../query/eql/parse.ts';
import { explainPredicate } from '../../query/explain/explain-predicate.ts';
import { formatPredicate } from '../../query/explain/format-predicate.ts';
import { formatDuration } from '../../rules/duration.ts';

/** A sequence in words, and as canonical text. Pure. */
export function explainSequence(sequence: EqlSequence): {
  readonly words: readonly string[];
  readonly text: string;
} {
  const { items, until, maxspanMicros } = sequence;
  const span = maxspanMicros === undefined ? '' : ` with maxspan=${formatDuration(maxspanMicros)}`;
  return {
    words: [
      ...items.flatMap((item, index) => itemInWords(`${index + 1}.`, item)),
      ...(until === undefined ? [] : itemInWords('It ends with', until)),
    ],
    text: [
      `sequence${span}`,
      ...items.map(itemAsText),
      ...(until === undefined ? [] : [`until${itemAsText(until).slice(1)}`]),
    ].join('\n'),
  };
}

function itemInWords(head: string, item: EqlItem): readonly string[] {
  return [itemHead(head, item), ...explainPredicate(item.predicate).map((line) => `   ${line}`)];
}

/** For example `1. an event, joined by user.name, for which`. */
export function itemHead(head: string, { by, runs }: EqlItem): string {
  const joins = by.map(({ field, optional }) => `${field.name}${optional ? ' (or none)' : ''}`);
  const about = [
    ...(runs > 1 ? [`${runs} times in a row`] : []),
    ...(joins.length > 0 ? [`joined by ${joins.join(', ')}`] : []),
  ];
  return `${head} an event${about.length === 0 ? '' : `, ${about.join(', ')},`} for which`;
}

function itemAsText({ predicate, by, runs }: EqlItem): string {
  const joins = by.map(({ field, optional }) => `${optional ? '?' : ''}${field.name}`);
  const text = formatPredicate(predicate).replaceAll('\n', '\n    ');
  return `  [${text}]${joins.length === 0 ? '' : ` by ${joins.join(', ')}`}${runs > 1 ? ` with runs=${runs}` : ''}`;
}
