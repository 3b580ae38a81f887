import Table from 'cli-table3';
import { cutBytes, sanitise } from '../../audit/text.ts';
import { formatTimestamp } from '../../audit/timestamp.ts';
import type { KnownTerm, RuleTerms } from '../../detect/review-terms.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

const HEAD = ['RULE', 'TERM', 'FIRST SEEN', 'LAST SEEN', 'LEARNED BY', 'WHAT TAUGHT IT'];
const TERM_BYTES = 100;

/** A rule with the terms to print. */
export interface ShownRule {
  readonly rule: CompiledRule;
  readonly terms: readonly KnownTerm[];
  readonly memory: RuleTerms;
}

/** A table of terms, grouped by rule, most recently seen first. */
export function termTable(shown: readonly ShownRule[]): string {
  const table = new Table({ ...PLAIN_TABLE, head: HEAD });
  for (const { rule, terms } of shown) {
    for (const known of terms.toReversed()) table.push(rowOf(rule, known).map(sanitise));
  }
  return `${trimLines(table.toString())}\n`;
}

function rowOf({ document }: CompiledRule, { term, last, silent, alert }: KnownTerm): string[] {
  const first = silent?.at ?? alert?.firstSeen;
  return [
    document.name,
    shownTerm(term, silent?.values),
    first === undefined ? '' : second(first),
    second(last),
    silent?.by ?? (alert === undefined ? '' : 'alert'),
    silent?.what ?? alert?.id ?? '',
  ];
}

/** A hash is followed by its values, if known. */
function shownTerm(term: string, values: readonly string[] | undefined): string {
  if (!term.startsWith('#')) return cutBytes(term, TERM_BYTES);
  return values === undefined ? term : `${term} ${cutBytes(JSON.stringify(values), TERM_BYTES)}`;
}

function second(micros: number): string {
  return `${formatTimestamp(micros).slice(0, 19)}Z`;
}

/** One line per rule: its number of terms and its learning time. */
export function learningSummary(shown: readonly ShownRule[], reached: number): string {
  return shown.map(({ rule, memory }) => `${rule.document.name}: ${summaryOf(memory, reached)}\n`).join('');
}

function summaryOf({ terms, learningUntil, evicted }: RuleTerms, reached: number): string {
  const silent = terms.filter((term) => term.silent !== undefined).length;
  const learning =
    learningUntil === undefined
      ? ''
      : `, ${learningUntil > reached ? 'learning' : 'learned'} until ${second(learningUntil)}`;
  const gone = evicted === 0 ? '' : `, ${evicted} evicted by newer ones`;
  return `${terms.length} known, ${silent} of them learned without an alert${learning}${gone}`;
}
