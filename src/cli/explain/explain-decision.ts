import type { EqlSequence } from '../../query/eql/parse.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { RuleDocument, ThresholdDocument } from '../../rules/document.ts';
import { formatDuration } from '../../rules/duration.ts';
import { DEFAULT_SPAN, TOTAL_ALERTS_PER_HOUR } from '../../rules/limits.ts';

/**
 * When a rule alerts, which later matches join the alert, and how many it may open: in sentences; `written`: its
 * sequence as it was read. Pure.
 */
export function explainDecision(rule: CompiledRule, written?: EqlSequence): readonly string[] {
  const { document } = rule;
  return [
    ...whenItFires(rule, written),
    ...exceptionNote(document),
    ...suppressionOf(rule),
    `It opens at most ${document.budget.alertsPerHour} alerts in any hour${
      document.severity === 'low' || document.severity === 'medium'
        ? `, and all rules of a cluster ${TOTAL_ALERTS_PER_HOUR}`
        : ''
    }; what is beyond counts on one overflow alert.`,
  ];
}

function whenItFires(
  { document, sequence, pipeline }: CompiledRule,
  written: EqlSequence | undefined,
): readonly string[] {
  const { newTerms, threshold, sequenceOrder } = document;
  if (sequence !== undefined) {
    const order = sequenceOrder === 'any' ? 'in any order' : 'one after another';
    const same = sequence.items.some(({ by }) => by.length > 0)
      ? ', with the same values of what they are joined by'
      : '';
    const span = written?.maxspanMicros === undefined ? ' (it has no maxspan: this is its window)' : '';
    return [
      `It alerts when these ${sequence.steps.length} events come ${order} within ${formatDuration(sequence.spanMicros)}${span}${same}.`,
    ];
  }
  if (newTerms !== undefined) {
    const { fields, windowMicros, learningMicros } = newTerms;
    const what = fields.length === 1 ? `the value of ${fields.join()}` : `the combination of ${list(fields)}`;
    return [
      `It alerts when ${what} was on no matching event in the ${formatDuration(windowMicros)} before; each sighting starts that time anew.`,
      `An event without ${fields.length === 1 ? 'that field' : 'one of these fields'} neither alerts nor teaches.`,
      learningMicros === 0
        ? 'It does not learn first: to an empty state everything is new.'
        : `It only learns for ${formatDuration(learningMicros)} from when it first runs on a cluster.`,
    ];
  }
  if (threshold !== undefined)
    return [thresholdSentence(threshold), 'Requests that an alert has counted count for no other.'];
  if (pipeline?.kind === 'groups') {
    const window = formatDuration(document.windowMicros ?? DEFAULT_SPAN);
    return [
      `It alerts when a row is left of a group, computed from the events of the ${window} before each new one, that one among them.`,
      'An event with several values in a column of the group is in several groups; null is a group of its own.',
    ];
  }
  if (pipeline?.kind === 'events') return ['It alerts for each request of which a row is left.'];
  return ['It alerts for each request that matches.'];
}

function thresholdSentence({ fields, value, cardinality, windowMicros }: ThresholdDocument): string {
  if (value === 1 && cardinality.length === 0) return 'It alerts for each request that matches.';
  const same = fields.length === 0 ? '' : ` with the same ${list(fields)}`;
  const different = cardinality
    .map((each) => `, with at least ${each.value} different values of ${each.field}`)
    .join('');
  const requests = value === 1 ? 'matching requests' : `${value} matching requests`;
  return `It alerts when ${requests}${same} come within ${formatDuration(windowMicros)}${different}.`;
}

function exceptionNote({ exceptions }: RuleDocument): readonly string[] {
  return exceptions.length === 0 ? [] : ['What an exception selects counts as if it did not match.'];
}

/** What joins an alert where the rule does not say, by type. */
const SAME: Readonly<Record<string, string>> = {
  query: 'same user, last address and object (or path)',
  new_terms: 'same terms',
  threshold: 'same group',
  eql: 'same user, last address and object (or path)',
  esql: 'same user, last address and object (or path)',
};

/** Which later matches join an alert, and for how long: in sentences. */
export function suppressionOf({ document, kind, sequence, pipeline }: CompiledRule): readonly string[] {
  const { suppression, type } = document;
  const joins = (same: string, window: number) =>
    `Matches ${same} join its alert for ${formatDuration(window)}, and raise its count.`;
  const same = pipeline?.kind === 'groups' ? SAME.threshold : SAME[type];
  const usual = `of the ${sequence === undefined ? (same ?? 'same fact') : 'same join values'}`;
  if (suppression === undefined) return [joins(usual, kind.suppressionWindow(document))];
  const { by, windowMicros, missingFields } = suppression;
  if (by.length === 0) return [joins(usual, windowMicros)];
  const missing =
    missingFields === 'suppress'
      ? 'Those without one of these join each other.'
      : 'Those without one of these have an alert each.';
  return [joins(`with the same ${list(by)}`, windowMicros), missing];
}

/** What the alert of a rule says: in sentences. Pure. */
export function explainAlert(document: RuleDocument): readonly string[] {
  const { severity, riskScore, severityMapping, riskScoreMapping, ruleNameOverride, reason, buildingBlock, threat } =
    document;
  return [
    `Severity ${severity}, risk score ${riskScore}.`,
    ...severityMapping.map((each) => `Severity ${each.severity} where ${each.field} is ${JSON.stringify(each.value)}.`),
    ...(severityMapping.length > 1 ? ['Of several that apply the highest severity counts.'] : []),
    ...riskScoreMapping.map(({ field, value, riskScore: score }) => {
      const where = value === undefined ? `${field} has a value` : `${field} is ${JSON.stringify(value)}`;
      return `Risk score ${score ?? `that of ${field}`} where ${where}.`;
    }),
    ...(ruleNameOverride === undefined ? [] : [`Its title is the value of ${ruleNameOverride}, where there is one.`]),
    ...(reason === undefined ? [] : [`It says: ${reason}`]),
    ...(buildingBlock ? ['It is a building block: recorded and logged, and shown to nobody.'] : []),
    ...threat.map(
      ({ tactic, technique }) =>
        `MITRE ATT&CK: ${tactic.id} ${tactic.name}${technique === undefined ? '' : `, ${technique.id} ${technique.name}`}.`,
    ),
  ];
}

/** `a`, `a and b`, `a, b and c`. */
export function list(names: readonly string[]): string {
  const [last = '', ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}
