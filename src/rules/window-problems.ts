import type { ParsedQuery } from '../query/parse-query.ts';
import { countSteps } from './compile-sequence.ts';
import type { RuleDocument } from './document.ts';
import type { DocumentProblem } from './document-problem.ts';
import { formatDuration } from './duration.ts';
import { ROW_CAP, SEQUENCE_STEP_CAP } from './limits.ts';
import { DURATION_BOUNDS } from './rule-schema.ts';

/**
 * What does not fit between the type of a rule and what its query turned out to be, and what a sequence asks for in
 * vain. Paths are below `spec`.
 */
export function queryFitProblems({ type, sequenceOrder }: RuleDocument, query: ParsedQuery): DocumentProblem[] {
  if (query.kind === 'invalid') return [];
  if (query.kind !== 'sequence') {
    const message = 'sequenceOrder is for sequences, and the query is none';
    return sequenceOrder === 'any' ? [{ path: ['sequenceOrder'], message }] : [];
  }
  const problems: DocumentProblem[] = [];
  const refuse = (message: string, hint?: string) =>
    problems.push({ path: ['query'], message, ...(hint === undefined ? {} : { hint }) });
  const { until, maxspanMicros = 0 } = query.sequence;
  const steps = countSteps(query.sequence);
  const [, longest] = DURATION_BOUNDS.window;
  if (type !== 'eql') {
    refuse(`the query of a rule of type ${type} selects single events, and this is a sequence`, 'write type: eql');
  }
  if (maxspanMicros > longest) refuse(`maxspan is longer than events are held: at most ${formatDuration(longest)}`);
  if (steps > SEQUENCE_STEP_CAP) {
    refuse(`a sequence of ${steps} events, and at most ${SEQUENCE_STEP_CAP} can be followed`);
  }
  if (sequenceOrder === 'any' && until !== undefined) {
    refuse('the events may come in any order, and until is about their order', 'leave until out, or sequenceOrder');
  }
  return problems;
}

/** What a threshold can never count to, and what alerts of groups cannot be grouped by. Paths are below `spec`. */
export function groupProblems({ threshold, suppression }: RuleDocument, query: ParsedQuery): DocumentProblem[] {
  const counts =
    threshold === undefined
      ? []
      : [
          { path: ['threshold', 'value'], value: threshold.value },
          ...threshold.cardinality.map(({ value }, i) => ({ path: ['threshold', 'cardinality', i, 'value'], value })),
        ];
  const unreachable = counts
    .filter(({ value }) => value > ROW_CAP)
    .map(({ path, value }) => {
      return { path, message: `${value} cannot be reached: of one group at most ${ROW_CAP} events are held` };
    });
  const group = groupOf(threshold, query);
  if (group === undefined) return unreachable;
  const foreign = (suppression?.by ?? []).flatMap((name, i) => {
    if (group.columns.includes(name)) return [];
    const message = `the alert of a ${group.of} has the fields of its group only, and ${name} is none of them`;
    return [{ path: ['suppression', 'by', i], message, hint: `name ${group.named}, or leave by out` }];
  });
  return [...unreachable, ...foreign];
}

/** The fields that make the group, of a rule that is about groups. */
function groupOf(threshold: RuleDocument['threshold'], query: ParsedQuery) {
  if (threshold !== undefined) {
    return { of: 'threshold', columns: threshold.fields, named: 'fields of threshold.field' };
  }
  if (query.kind !== 'pipeline' || query.query.run.kind !== 'groups') return undefined;
  return { of: 'query with STATS', columns: query.query.run.columns, named: 'columns of BY' };
}
