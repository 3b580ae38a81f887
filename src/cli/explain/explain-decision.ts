import type { EqlSequence } from '../../query/eql/parse.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { RuleDocument, ThresholdDocument } from '../../rules/document.ts';
import { formatDuration } from '../../rules/duration.ts';
import { DEFAULT_SPAN, TOTAL_ALERTS_PER_HOUR } from '../../rules/limits.ts';

/**
 * When a rule alerts, which later matches join the alert, and its budget, in sentences. Pure.
 * @param written the sequence as parsed
 */
export function explainDecision(rule: CompiledRule, written?: EqlSequence): readonly string[] {
  const { document } = rule;
  return [
    ...whenItFires(rule, written),
    ...exceptionNote(document),
    ...suppressionOf(rule),
    `It opens at most ${document.budget.alertsPerHour} alerts per hour${
      document.severity === 'low' || document.severity === 'medium'
        ? `, and all rules of a cluster together ${TOTAL_ALERTS_PER_HOUR}`
        : ''
    }; further matches count on one overflow alert.`,
  ];
}

function whenItFires(
  { document, sequence, pipeline }: CompiledRule,
  written: EqlSequence | undefined,
): readonly string[] {
  const { newTerms, threshold, sequenceOrder } = document;
  if (sequence !== undefined) {
    const order = sequenceOrder === 'any' ? 'in any order' : 'one after another';
    const same = sequence.items.some(({ by }) => by.length > 0) ? ', with the same join values' : '';
    const span = written?.maxspanMicros === undefined ? ' (its window, as it has no maxspan)' : '';
    return [
      `It alerts when these ${sequence.steps.length} events come ${order} within ${formatDuration(sequence.spanMicros)}${span}${same}.`,
    ];
  }
  if (newTerms !== undefined) {
    const { fields, windowMicros, learningMicros } = newTerms;
    const what = fields.length === 1 ? `a value of ${fields.join()}` : `a combination of ${list(fields)}`;
    return [
      `It alerts on ${what} that no matching event had in the ${formatDuration(windowMicros)} before. Each sighting restarts that time.`,
      `It ignores events without ${fields.length === 1 ? 'that field' : 'one of these fields'}.`,
      learningMicros === 0
        ? 'It has no learning time: with an empty state, everything is new.'
        : `On a new cluster it first learns for ${formatDuration(learningMicros)} without alerts.`,
    ];
  }
  if (threshold !== undefined) return [thresholdSentence(threshold), 'Each request counts for one alert only.'];
  if (pipeline?.kind === 'groups') {
    const window = formatDuration(document.windowMicros ?? DEFAULT_SPAN);
    return [
      `For each new event it computes the groups of the last ${window}, and alerts when a row of a group remains.`,
      'An event with several values in a group column belongs to several groups. Null is a group of its own.',
    ];
  }
  if (pipeline?.kind === 'events') return ['It alerts on each request from which a row remains.'];
  return ['It alerts on each matching request.'];
}

function thresholdSentence({ fields, value, cardinality, windowMicros }: ThresholdDocument): string {
  if (value === 1 && cardinality.length === 0) return 'It alerts on each matching request.';
  const same = fields.length === 0 ? '' : ` with the same ${list(fields)}`;
  const different = cardinality
    .map((each) => `, with at least ${each.value} different values of ${each.field}`)
    .join('');
  const requests = value === 1 ? 'matching requests' : `${value} matching requests`;
  return `It alerts when ${requests}${same} come within ${formatDuration(windowMicros)}${different}.`;
}

function exceptionNote({ exceptions }: RuleDocument): readonly string[] {
  return exceptions.length === 0 ? [] : ['Events that an exception selects do not match.'];
}

/** The default suppression by rule type. */
const SAME: Readonly<Record<string, string>> = {
  query: 'same user, last address and object (or path)',
  new_terms: 'same terms',
  threshold: 'same group',
  eql: 'same user, last address and object (or path)',
  esql: 'same user, last address and object (or path)',
};

/** Which later matches join an alert and for how long, in sentences. */
export function suppressionOf({ document, kind, sequence, pipeline }: CompiledRule): readonly string[] {
  const { suppression, type } = document;
  const joins = (same: string, window: number) =>
    `For ${formatDuration(window)}, matches ${same} join the alert and raise its count.`;
  const same = pipeline?.kind === 'groups' ? SAME.threshold : SAME[type];
  const usual = `of the ${sequence === undefined ? (same ?? 'same fact') : 'same join values'}`;
  if (suppression === undefined) return [joins(usual, kind.suppressionWindow(document))];
  const { by, windowMicros, missingFields } = suppression;
  if (by.length === 0) return [joins(usual, windowMicros)];
  const missing =
    missingFields === 'suppress'
      ? 'Matches without one of these join each other.'
      : 'Matches without one of these open an alert each.';
  return [joins(`with the same ${list(by)}`, windowMicros), missing];
}

/** The content of a rule's alerts, in sentences. Pure. */
export function explainAlert(document: RuleDocument): readonly string[] {
  const { severity, riskScore, severityMapping, riskScoreMapping, ruleNameOverride, reason, buildingBlock, threat } =
    document;
  return [
    `Severity ${severity}, risk score ${riskScore}.`,
    ...severityMapping.map((each) => `Severity ${each.severity} where ${each.field} is ${JSON.stringify(each.value)}.`),
    ...(severityMapping.length > 1 ? ['If several apply, the highest severity counts.'] : []),
    ...riskScoreMapping.map(({ field, value, riskScore: score }) => {
      const where = value === undefined ? `${field} has a value` : `${field} is ${JSON.stringify(value)}`;
      return `Risk score ${score ?? `from ${field}`} where ${where}.`;
    }),
    ...(ruleNameOverride === undefined ? [] : [`Its title is the value of ${ruleNameOverride}, if present.`]),
    ...(reason === undefined ? [] : [`It says: ${reason}`]),
    ...(buildingBlock
      ? ['It is a building block: its matches are recorded and logged but never shown as alerts.']
      : []),
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
