import type { ParsedQuery } from '../query/parse-query.ts';
import { countSteps } from './compile-sequence.ts';
import type { RuleDocument } from './document.ts';
import type { DocumentProblem } from './document-problem.ts';
import { formatDuration } from './duration.ts';
import { ROW_CAP, SEQUENCE_STEP_CAP } from './limits.ts';
import { DURATION_BOUNDS } from './rule-schema.ts';

/** Conflicts between a rule's type and its query, and limits of a sequence. Paths are below `spec`. */
export function queryFitProblems({ type, sequenceOrder }: RuleDocument, query: ParsedQuery): DocumentProblem[] {
  if (query.kind === 'invalid') return [];
  if (query.kind !== 'sequence') {
    const message = 'sequenceOrder applies to sequences, but the query is not a sequence';
    return sequenceOrder === 'any' ? [{ path: ['sequenceOrder'], message }] : [];
  }
  const problems: DocumentProblem[] = [];
  const refuse = (message: string, hint?: string) =>
    problems.push({ path: ['query'], message, ...(hint === undefined ? {} : { hint }) });
  const { until, maxspanMicros = 0 } = query.sequence;
  const steps = countSteps(query.sequence);
  const [, longest] = DURATION_BOUNDS.window;
  if (type !== 'eql') {
    refuse(`the query of a rule of type ${type} must select single events, but this is a sequence`, 'write type: eql');
  }
  if (maxspanMicros > longest)
    refuse(`maxspan is longer than events are kept; the limit is ${formatDuration(longest)}`);
  if (steps > SEQUENCE_STEP_CAP) {
    refuse(`the sequence has ${steps} events; the limit is ${SEQUENCE_STEP_CAP}`);
  }
  if (sequenceOrder === 'any' && until !== undefined) {
    refuse('until needs ordered events, but sequenceOrder allows any order', 'remove until or sequenceOrder');
  }
  return problems;
}

/**
 * Threshold values that can never be reached, and suppression fields that alerts of groups lack. Paths are below
 * `spec`.
 */
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
      return { path, message: `${value} cannot be reached: at most ${ROW_CAP} events of a group are kept` };
    });
  const group = groupOf(threshold, query);
  if (group === undefined) return unreachable;
  const foreign = (suppression?.by ?? []).flatMap((name, i) => {
    if (group.columns.includes(name)) return [];
    const message = `the alert of a ${group.of} has only the fields of its group, which do not include ${name}`;
    return [{ path: ['suppression', 'by', i], message, hint: `use ${group.named}, or remove by` }];
  });
  return [...unreachable, ...foreign];
}

/** The fields that make the group, for rules with groups. */
function groupOf(threshold: RuleDocument['threshold'], query: ParsedQuery) {
  if (threshold !== undefined) {
    return { of: 'threshold', columns: threshold.fields, named: 'fields of threshold.field' };
  }
  if (query.kind !== 'pipeline' || query.query.run.kind !== 'groups') return undefined;
  return { of: 'query with STATS', columns: query.query.run.columns, named: 'columns of BY' };
}
