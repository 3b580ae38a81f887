/**
 * The DetectionRule resource as plain values from any format, and its conversion to a RuleDocument. The limits are
 * those of the CRD.
 */
import { z } from 'zod';
import {
  CONDITION_LANGUAGES,
  QUERY_LANGUAGES,
  type QueryLanguage,
  RULE_TYPES,
  type RuleDocument,
  type RuleTestDocument,
  type RuleType,
  SEVERITIES,
  type Severity,
  VALUE_LIST_TYPES,
} from './document.ts';
import { type DocumentProblem, isRecord } from './document-problem.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { DAY, HOUR, MINUTE, SECOND } from './limits.ts';
import { fitProblems } from './rule-fit.ts';
import { endsAfterStart, parseTime, requiredText, ruleName, text, time } from './schema-parts.ts';
import { toDocumentProblems } from './schema-problems.ts';

export const RULE_API_VERSION = 'firstseen.dev/v1alpha1';
export const RULE_KIND = 'DetectionRule';

/** Characters in a string, items in a list. */
export const RULE_BOUNDS = {
  title: 200,
  description: 4_096,
  version: 64,
  id: 128,
  query: 65_536,
  field: 256,
  newTermsFields: 3,
  normalForm: 32,
  thresholdFields: 5,
  thresholdValue: 2_147_483_647,
  cardinalities: 3,
  mappings: 16,
  mappedValue: 256,
  suppressionFields: 3,
  reason: 1_024,
  reasonTemplate: 512,
  exceptions: 100,
  valueLists: 16,
  listValues: 10_000,
  listValue: 1_024,
  threat: 64,
  threatName: 128,
  references: 64,
  reference: 2_048,
  falsePositives: 64,
  falsePositive: 4_096,
  triage: 65_536,
  tags: 64,
  tag: 128,
  tests: 100,
  testName: 200,
  testEvents: 100,
  alertsPerHour: 100_000,
} as const;

/** Ranges of durations, in microseconds. */
export const DURATION_BOUNDS = {
  newTermsWindow: [MINUTE, 90 * DAY],
  learning: [0, 90 * DAY],
  /** For a threshold, a sequence and a query with STATS: rows are kept this long. */
  window: [SECOND, 30 * DAY],
  suppressionWindow: [SECOND, 90 * DAY],
} as const;

const RISK_SCORES: Readonly<Record<Severity, number>> = { low: 21, medium: 47, high: 73, critical: 99 };
const DEFAULT_LANGUAGES: Readonly<Record<RuleType, QueryLanguage>> = {
  query: 'kuery',
  new_terms: 'kuery',
  threshold: 'kuery',
  eql: 'eql',
  esql: 'esql',
};
const DEFAULT_ALERTS_PER_HOUR = 20;
/** A rule of low severity learns first, because on a new cluster its alerts are mostly noise. */
const DEFAULT_LEARNING_MICROS: Readonly<Record<Severity, number>> = { low: DAY, medium: 0, high: 0, critical: 0 };
const DEFAULT_SUPPRESSION_MICROS = HOUR;
/** The default of a threshold. */
const DEFAULT_WINDOW_MICROS = 5 * MINUTE;

function duration([least, most]: readonly [number, number]) {
  const bounds = `${formatDuration(least)} to ${formatDuration(most)}`;
  const schema = z.string().check((context) => {
    const micros = parseDuration(context.value);
    if (micros !== undefined && micros >= least && micros <= most) return;
    const expected =
      micros === undefined ? 'expected a duration such as 7d, 36h or 30m' : `expected a duration from ${bounds}`;
    context.issues.push({ code: 'custom', input: context.value, message: expected, params: { found: true } });
  });
  return schema.meta({ format: 'duration', bounds });
}

/** Distinct field names, at most `most`; the compiler checks that the fields exist. */
const fields = (most: number, least = 1) =>
  z
    .array(requiredText(RULE_BOUNDS.field))
    .min(least)
    .max(most)
    .check((context) => {
      for (const [index, name] of context.value.entries()) {
        if (context.value.indexOf(name) === index) continue;
        const message = 'this field is listed twice';
        context.issues.push({ code: 'custom', input: name, message, path: [index] });
      }
    });

const event = z
  .custom<Readonly<Record<string, unknown>>>(isRecord, { error: 'expected an audit event' })
  .meta({ format: 'audit-event' });

const ruleTest = z
  .strictObject({
    name: requiredText(RULE_BOUNDS.testName),
    event: event.optional(),
    events: z.array(event).min(1).max(RULE_BOUNDS.testEvents).optional(),
    expect: z.enum(['match', 'fire', 'silent']),
  })
  .refine((test) => (test.event === undefined) !== (test.events === undefined), {
    error: 'expected either event or events',
  });

/** One of MITRE's, by id and name. */
const attack = (id: RegExp, example: string) =>
  z.strictObject({
    id: z.string().regex(id, { error: `expected an id such as ${example}` }),
    name: text(RULE_BOUNDS.threatName),
  });

const riskScore = z.int().min(0).max(100);
const mapped = { field: requiredText(RULE_BOUNDS.field) };

const spec = z.strictObject({
  title: requiredText(RULE_BOUNDS.title),
  description: text(RULE_BOUNDS.description).optional(),
  enabled: z.boolean().optional(),
  version: text(RULE_BOUNDS.version).optional(),
  id: text(RULE_BOUNDS.id).optional(),
  type: z.enum(RULE_TYPES),
  language: z.enum(QUERY_LANGUAGES).optional(),
  query: requiredText(RULE_BOUNDS.query),
  newTerms: z
    .strictObject({
      fields: fields(RULE_BOUNDS.newTermsFields),
      window: duration(DURATION_BOUNDS.newTermsWindow),
      normalize: z.record(requiredText(RULE_BOUNDS.field), requiredText(RULE_BOUNDS.normalForm)).optional(),
      learning: z.strictObject({ until: duration(DURATION_BOUNDS.learning) }).optional(),
    })
    .optional(),
  threshold: z
    .strictObject({
      field: fields(RULE_BOUNDS.thresholdFields, 0).optional(),
      value: z.int().min(1).max(RULE_BOUNDS.thresholdValue),
      cardinality: z
        .array(
          z.strictObject({
            field: requiredText(RULE_BOUNDS.field),
            value: z.int().min(1).max(RULE_BOUNDS.thresholdValue),
          }),
        )
        .max(RULE_BOUNDS.cardinalities)
        .optional(),
      window: duration(DURATION_BOUNDS.window).optional(),
    })
    .optional(),
  window: duration(DURATION_BOUNDS.window).optional(),
  sequenceOrder: z.enum(['time', 'any']).optional(),
  severity: z.enum(SEVERITIES),
  riskScore: riskScore.optional(),
  severityMapping: z
    .array(z.strictObject({ ...mapped, value: text(RULE_BOUNDS.mappedValue), severity: z.enum(SEVERITIES) }))
    .max(RULE_BOUNDS.mappings)
    .optional(),
  riskScoreMapping: z
    .array(
      z.strictObject({ ...mapped, value: text(RULE_BOUNDS.mappedValue).optional(), riskScore: riskScore.optional() }),
    )
    .max(RULE_BOUNDS.mappings)
    .optional(),
  ruleNameOverride: requiredText(RULE_BOUNDS.field).optional(),
  reason: requiredText(RULE_BOUNDS.reasonTemplate).optional(),
  buildingBlock: z.boolean().optional(),
  suppression: z
    .strictObject({
      by: fields(RULE_BOUNDS.suppressionFields).optional(),
      window: duration(DURATION_BOUNDS.suppressionWindow).optional(),
      missingFields: z.enum(['suppress', 'doNotSuppress']).optional(),
    })
    .optional(),
  budget: z.strictObject({ alertsPerHour: z.int().min(1).max(RULE_BOUNDS.alertsPerHour) }).optional(),
  exceptions: z
    .array(
      z
        .strictObject({
          query: requiredText(RULE_BOUNDS.query),
          language: z.enum(CONDITION_LANGUAGES).optional(),
          reason: requiredText(RULE_BOUNDS.reason),
          starts: time.optional(),
          expires: time.optional(),
          lists: z
            .array(
              z.strictObject({
                ...mapped,
                type: z.enum(VALUE_LIST_TYPES).optional(),
                values: z.array(text(RULE_BOUNDS.listValue)).max(RULE_BOUNDS.listValues),
                excluded: z.boolean().optional(),
              }),
            )
            .max(RULE_BOUNDS.valueLists)
            .optional(),
        })
        .check(endsAfterStart),
    )
    .max(RULE_BOUNDS.exceptions)
    .optional(),
  threat: z
    .array(
      z.strictObject({
        tactic: attack(/^TA\d{4}$/, 'TA0001'),
        technique: attack(/^T\d{4}(\.\d{3})?$/, 'T1078 or T1078.001').optional(),
      }),
    )
    .max(RULE_BOUNDS.threat)
    .optional(),
  references: z.array(requiredText(RULE_BOUNDS.reference)).max(RULE_BOUNDS.references).optional(),
  falsePositives: z.array(requiredText(RULE_BOUNDS.falsePositive)).max(RULE_BOUNDS.falsePositives).optional(),
  triage: text(RULE_BOUNDS.triage).optional(),
  tags: z.array(requiredText(RULE_BOUNDS.tag)).max(RULE_BOUNDS.tags).optional(),
  tests: z.array(ruleTest).max(RULE_BOUNDS.tests).optional(),
});

/** The shape of the resource, before cross-checks of its parts. */
export const detectionRule = z.strictObject({
  apiVersion: z.literal(RULE_API_VERSION),
  kind: z.literal(RULE_KIND),
  /** Kubernetes' own metadata, which is mostly not ours to check. */
  metadata: z.looseObject({
    name: ruleName,
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec,
  /** `kubectl get -o yaml` prints a status; it has no effect on the rule. */
  status: z.unknown().optional(),
});

export type ParsedRule =
  | { readonly kind: 'ok'; readonly document: RuleDocument }
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

/** Reported alone: the requirements of a rule are of no use to the author of an exception. */
const NO_RULE: DocumentProblem = {
  path: ['kind'],
  message: `expected ${RULE_KIND}, found "RuleException"`,
  hint: 'apply a RuleException to the cluster and see its status; in a rule file, put exceptions into spec.exceptions of the rule',
};

/** Converts a DetectionRule resource to a rule document with all defaults, or to all its problems. Never throws. */
export function parseDetectionRule(value: unknown): ParsedRule {
  if (isRecord(value) && value.kind === 'RuleException') return { kind: 'invalid', problems: [NO_RULE] };
  const result = detectionRule.safeParse(value);
  const problems = [
    ...(result.success ? [] : toDocumentProblems(detectionRule, value, result.error.issues)),
    ...fitProblems(value),
  ];
  if (!result.success || problems.length > 0) return { kind: 'invalid', problems };
  return { kind: 'ok', document: toDocument(result.data) };
}

function toDocument(resource: z.infer<typeof detectionRule>): RuleDocument {
  const rule = resource.spec;
  return {
    name: resource.metadata.name,
    title: rule.title,
    description: rule.description ?? '',
    enabled: rule.enabled ?? true,
    ...(rule.version !== undefined && { version: rule.version }),
    ...(rule.id !== undefined && { id: rule.id }),
    type: rule.type,
    language: rule.language ?? DEFAULT_LANGUAGES[rule.type],
    query: rule.query,
    ...(rule.newTerms !== undefined && {
      newTerms: {
        fields: rule.newTerms.fields,
        windowMicros: parseDuration(rule.newTerms.window) ?? 0,
        ...(rule.newTerms.normalize !== undefined &&
          Object.keys(rule.newTerms.normalize).length > 0 && { normalize: rule.newTerms.normalize }),
        learningMicros: parseDuration(rule.newTerms.learning?.until ?? '') ?? DEFAULT_LEARNING_MICROS[rule.severity],
      },
    }),
    ...(rule.threshold !== undefined && {
      threshold: {
        fields: rule.threshold.field ?? [],
        value: rule.threshold.value,
        cardinality: rule.threshold.cardinality ?? [],
        windowMicros: parseDuration(rule.threshold.window ?? '') ?? DEFAULT_WINDOW_MICROS,
      },
    }),
    ...(rule.window !== undefined && { windowMicros: parseDuration(rule.window) ?? 0 }),
    sequenceOrder: rule.sequenceOrder ?? 'time',
    severity: rule.severity,
    riskScore: rule.riskScore ?? RISK_SCORES[rule.severity],
    severityMapping: rule.severityMapping ?? [],
    riskScoreMapping: (rule.riskScoreMapping ?? []).map(({ field, value, riskScore }) => ({
      field,
      ...(value !== undefined && { value }),
      ...(riskScore !== undefined && { riskScore }),
    })),
    ...(rule.ruleNameOverride !== undefined && { ruleNameOverride: rule.ruleNameOverride }),
    ...(rule.reason !== undefined && { reason: rule.reason }),
    buildingBlock: rule.buildingBlock ?? false,
    ...(rule.suppression !== undefined && {
      suppression: {
        by: rule.suppression.by ?? [],
        windowMicros:
          parseDuration(rule.suppression.window ?? rule.newTerms?.window ?? '') ?? DEFAULT_SUPPRESSION_MICROS,
        missingFields: rule.suppression.missingFields ?? 'suppress',
      },
    }),
    budget: { alertsPerHour: rule.budget?.alertsPerHour ?? DEFAULT_ALERTS_PER_HOUR },
    exceptions: (rule.exceptions ?? []).map(({ query, language, reason, starts, expires, lists }) => {
      const startsAt = parseTime(starts);
      const expiresAt = parseTime(expires);
      return {
        query,
        language: language ?? 'kuery',
        reason,
        ...(startsAt !== undefined && { startsAt }),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(lists !== undefined && {
          lists: lists.map(({ field, type, values, excluded }) => ({
            field,
            type: type ?? 'keyword',
            values,
            excluded: excluded ?? false,
          })),
        }),
      };
    }),
    threat: (rule.threat ?? []).map(({ tactic, technique }) => ({
      tactic,
      ...(technique !== undefined && { technique }),
    })),
    references: rule.references ?? [],
    falsePositives: rule.falsePositives ?? [],
    triage: rule.triage ?? '',
    tags: rule.tags ?? [],
    tests: (rule.tests ?? []).map(
      ({ name, event, events, expect }): RuleTestDocument => ({ name, events: events ?? [event], expect }),
    ),
  };
}
