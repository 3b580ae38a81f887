/** The RuleException resource as plain values, and its conversion to a document. The limits are those of the CRD. */
import { z } from 'zod';
import {
  CONDITION_LANGUAGES,
  type RuleExceptionDocument,
  VALUE_LIST_TYPES,
  type ValueListDocument,
} from './document.ts';
import type { DocumentProblem } from './document-problem.ts';
import { RULE_API_VERSION, RULE_BOUNDS } from './rule-schema.ts';
import { endsAfterStart, parseTime, requiredText, ruleName, text, time } from './schema-parts.ts';
import { toDocumentProblems } from './schema-problems.ts';

export const EXCEPTION_KIND = 'RuleException';

/** Characters in a string and items in a list; other limits are those of a rule. */
export const EXCEPTION_BOUNDS = {
  rules: 64,
  rule: 200,
  tags: 32,
  clusters: 64,
  cluster: 63,
  author: 128,
  configMapName: 253,
} as const;

/** A key of a ConfigMap in the namespace of firstseen, with one value a line. */
export interface ConfigMapKey {
  readonly name: string;
  readonly key: string;
}

/** A list as written: its values are inline or in a ConfigMap. */
export type ListDocument =
  | ValueListDocument
  | (Omit<ValueListDocument, 'values'> & { readonly configMap: ConfigMapKey });

/** An exception as written, before its lists are read. */
export interface WrittenException extends Omit<RuleExceptionDocument, 'lists'> {
  readonly lists: readonly ListDocument[];
}

const list = z
  .strictObject({
    field: requiredText(RULE_BOUNDS.field),
    type: z.enum(VALUE_LIST_TYPES).optional(),
    values: z.array(text(RULE_BOUNDS.listValue)).max(RULE_BOUNDS.listValues).optional(),
    configMap: z
      .strictObject({
        name: requiredText(EXCEPTION_BOUNDS.configMapName),
        key: requiredText(EXCEPTION_BOUNDS.configMapName),
      })
      .optional(),
    excluded: z.boolean().optional(),
  })
  .refine(({ values, configMap }) => (values === undefined) !== (configMap === undefined), {
    error: 'expected either values or configMap',
  });

const spec = z
  .strictObject({
    rules: z.array(requiredText(EXCEPTION_BOUNDS.rule)).max(EXCEPTION_BOUNDS.rules).optional(),
    tags: z.array(requiredText(RULE_BOUNDS.tag)).max(EXCEPTION_BOUNDS.tags).optional(),
    clusters: z.array(requiredText(EXCEPTION_BOUNDS.cluster)).max(EXCEPTION_BOUNDS.clusters).optional(),
    query: requiredText(RULE_BOUNDS.query),
    language: z.enum(CONDITION_LANGUAGES).optional(),
    reason: requiredText(RULE_BOUNDS.reason),
    starts: time.optional(),
    expires: time.optional(),
    author: text(EXCEPTION_BOUNDS.author).optional(),
    lists: z.array(list).max(RULE_BOUNDS.valueLists).optional(),
  })
  .check(endsAfterStart)
  .refine(({ rules = [], tags = [] }) => rules.length + tags.length > 0, {
    error: 'expected the rules, or tags of rules, that the exception applies to',
  });

/** The shape of the resource. */
export const ruleException = z.strictObject({
  apiVersion: z.literal(RULE_API_VERSION),
  kind: z.literal(EXCEPTION_KIND),
  metadata: z.looseObject({ name: ruleName, uid: z.string().optional() }),
  spec,
  status: z.unknown().optional(),
});

export type ParsedException =
  | { readonly kind: 'ok'; readonly document: WrittenException }
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

/** Converts a RuleException resource to a document, or to all its problems. Never throws. */
export function parseRuleException(value: unknown): ParsedException {
  const result = ruleException.safeParse(value);
  if (!result.success) {
    return { kind: 'invalid', problems: toDocumentProblems(ruleException, value, result.error.issues) };
  }
  const { metadata, spec } = result.data;
  const startsAt = parseTime(spec.starts);
  const expiresAt = parseTime(spec.expires);
  return {
    kind: 'ok',
    document: {
      name: metadata.name,
      ...(metadata.uid !== undefined && { uid: metadata.uid }),
      rules: spec.rules ?? [],
      tags: spec.tags ?? [],
      // No clusters named means all clusters, as the resource documents it.
      ...(spec.clusters !== undefined && spec.clusters.length > 0 && { clusters: spec.clusters }),
      query: spec.query,
      language: spec.language ?? 'kuery',
      reason: spec.reason,
      ...(startsAt !== undefined && { startsAt }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(spec.author !== undefined && { author: spec.author }),
      lists: (spec.lists ?? []).map(({ field, type, values, configMap, excluded }) => ({
        field,
        type: type ?? 'keyword',
        excluded: excluded ?? false,
        ...(configMap === undefined ? { values: values ?? [] } : { configMap }),
      })),
    },
  };
}
