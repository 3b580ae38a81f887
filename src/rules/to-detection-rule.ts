import type { ExceptionDocument, RuleDocument, RuleTestDocument, SuppressionDocument } from './document.ts';
import { formatDuration } from './duration.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from './rule-schema.ts';

/** A DetectionRule resource as plain values, as YAML and the API server have it. */
export interface DetectionRuleResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  /** Without defaults, in the order of the resource definition. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The inverse of `parseDetectionRule`: the resource for this document. Defaults are omitted.
 *
 * @param document a result of `parseDetectionRule`
 */
export function toDetectionRule(document: RuleDocument): DetectionRuleResource {
  const { newTerms, threshold, suppression } = document;
  const usual = withDefaults(document);
  const unlessUsual = <K extends keyof RuleDocument>(key: K): RuleDocument[K] | undefined =>
    isSame(document[key], usual[key]) ? undefined : document[key];
  return {
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name: document.name },
    spec: present({
      title: document.title,
      description: unlessUsual('description'),
      enabled: unlessUsual('enabled'),
      version: document.version,
      id: document.id,
      type: document.type,
      language: unlessUsual('language'),
      query: document.query,
      newTerms:
        newTerms &&
        present({
          fields: newTerms.fields,
          window: formatDuration(newTerms.windowMicros),
          normalize: newTerms.normalize,
          learning:
            newTerms.learningMicros === usual.newTerms?.learningMicros
              ? undefined
              : { until: formatDuration(newTerms.learningMicros) },
        }),
      threshold:
        threshold &&
        present({
          field: someOf(threshold.fields),
          value: threshold.value,
          cardinality: someOf(threshold.cardinality),
          window: durationUnless(threshold.windowMicros, usual.threshold?.windowMicros),
        }),
      window: document.windowMicros === undefined ? undefined : formatDuration(document.windowMicros),
      sequenceOrder: unlessUsual('sequenceOrder'),
      severity: document.severity,
      riskScore: unlessUsual('riskScore'),
      severityMapping: someOf(document.severityMapping),
      riskScoreMapping: someOf(document.riskScoreMapping),
      ruleNameOverride: document.ruleNameOverride,
      reason: document.reason,
      buildingBlock: unlessUsual('buildingBlock'),
      suppression: suppression && suppressionOf(suppression, usual.suppression),
      budget: isSame(document.budget.alertsPerHour, usual.budget.alertsPerHour) ? undefined : document.budget,
      exceptions: someOf(document.exceptions.map(exceptionOf)),
      threat: someOf(document.threat),
      references: someOf(document.references),
      falsePositives: someOf(document.falsePositives),
      triage: unlessUsual('triage'),
      tags: someOf(document.tags),
      tests: someOf(document.tests.map(testOf)),
    }),
  };
}

/** A minimal rule of the same kind, whose parsed form has the defaults. */
function withDefaults({ title, type, query, severity, newTerms, threshold, suppression }: RuleDocument): RuleDocument {
  const parsed = parseDetectionRule({
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name: 'defaults' },
    spec: {
      title,
      type,
      query,
      severity,
      ...(newTerms && { newTerms: { fields: newTerms.fields, window: formatDuration(newTerms.windowMicros) } }),
      ...(threshold && { threshold: { value: threshold.value } }),
      ...(suppression && { suppression: present({ by: someOf(suppression.by) }) }),
    },
  });
  if (parsed.kind === 'ok') return parsed.document;
  throw new Error(`not a rule document: ${parsed.problems.map(({ message }) => message).join('; ')}`);
}

function suppressionOf(
  { by, windowMicros, missingFields }: SuppressionDocument,
  usual: SuppressionDocument | undefined,
): unknown {
  return present({
    by: someOf(by),
    window: durationUnless(windowMicros, usual?.windowMicros),
    missingFields: missingFields === usual?.missingFields ? undefined : missingFields,
  });
}

function exceptionOf({ query, language, reason, startsAt, expiresAt, lists }: ExceptionDocument): unknown {
  return present({
    query,
    language: language === 'kuery' ? undefined : language,
    reason,
    starts: startsAt === undefined ? undefined : formatTime(startsAt),
    expires: expiresAt === undefined ? undefined : formatTime(expiresAt),
    lists: lists?.map(({ field, type, values, excluded }) =>
      present({
        field,
        type: type === 'keyword' ? undefined : type,
        values,
        excluded: excluded || undefined,
      }),
    ),
  });
}

function testOf({ name, events, expect }: RuleTestDocument): unknown {
  const [event] = events;
  return { name, expect, ...(events.length === 1 ? { event } : { events }) };
}

/** RFC 3339 in UTC of microseconds since the epoch; the start of a day as a date. */
function formatTime(micros: number): string {
  const [date = '', time = ''] = new Date(Math.round(micros / 1_000)).toISOString().split('T');
  return time === '00:00:00.000Z' ? date : `${date}T${time.replace('.000', '')}`;
}

function durationUnless(micros: number, usual: number | undefined): string | undefined {
  return micros === usual ? undefined : formatDuration(micros);
}

function isSame(value: unknown, usual: unknown): boolean {
  return value === usual;
}

function someOf<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function present(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
