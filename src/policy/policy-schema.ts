import { z } from 'zod';
import type { DocumentProblem } from '../rules/document-problem.ts';
import { describeValue, quoteName, valueAt } from '../rules/document-problem.ts';
import { type AuditPolicy, GROUP_NAME, LEVELS, STAGES } from './audit-policy.ts';

const API_VERSION = 'audit.k8s.io/v1';
const texts = z.array(z.string()).nullish();
const stages = z.array(z.enum(STAGES)).nullish();

const group = z.string().refine((name) => name === '*' || GROUP_NAME.test(name), {
  message: 'expected an API group without a version, such as apps, "" for the core group, or * from Kubernetes 1.36 on',
});

const resources = z
  .strictObject({ group: group.nullish(), resources: texts, resourceNames: texts })
  .refine((entry) => !entry.resourceNames?.length || entry.resources?.length, {
    path: ['resourceNames'],
    message: 'expected resources, because resourceNames are given',
  });

const path = z.string().regex(/^(?:\*|\/[^*]*\*?)$/, {
  message: 'expected a path that begins with /, with * as its last character at most',
});

const rule = z
  .strictObject({
    level: z.enum(LEVELS),
    users: texts,
    userGroups: texts,
    verbs: texts,
    resources: z.array(resources).nullish(),
    namespaces: texts,
    nonResourceURLs: z.array(path).nullish(),
    omitStages: stages,
    omitManagedFields: z.boolean().nullish(),
  })
  .refine(
    ({ nonResourceURLs, ...of }) => !nonResourceURLs?.length || !(of.resources?.length || of.namespaces?.length),
    {
      path: ['nonResourceURLs'],
      message: 'a rule selects by resources and namespaces or by nonResourceURLs, not both: split it into two rules',
    },
  );

const policy = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Policy'),
  metadata: z.unknown().optional(),
  rules: z.array(rule).min(1),
  omitStages: stages,
  omitManagedFields: z.boolean().nullish(),
});

export type PolicyResult =
  | { readonly kind: 'ok'; readonly policy: AuditPolicy }
  | { readonly kind: 'invalid'; readonly problems: readonly DocumentProblem[] };

/** A policy from plain values, with the checks of kube-apiserver. @see k8s.io/apiserver/pkg/apis/audit/validation */
export function auditPolicyOf(value: unknown): PolicyResult {
  const parsed = policy.safeParse(value);
  if (!parsed.success) {
    return { kind: 'invalid', problems: parsed.error.issues.map((issue) => problemOf(issue, value)) };
  }
  const { rules, omitStages } = parsed.data;
  return {
    kind: 'ok',
    policy: {
      omitStages: omitStages ?? [],
      rules: rules.map((one) => ({
        level: one.level,
        users: one.users ?? [],
        userGroups: one.userGroups ?? [],
        verbs: one.verbs ?? [],
        namespaces: one.namespaces ?? [],
        nonResourceURLs: one.nonResourceURLs ?? [],
        omitStages: one.omitStages ?? [],
        resources: (one.resources ?? []).map((entry) => ({
          group: entry.group ?? '',
          resources: entry.resources ?? [],
          resourceNames: entry.resourceNames ?? [],
        })),
      })),
    },
  };
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): DocumentProblem {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const found = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const [key = ''] = issue.keys;
      return {
        path: [...path, key],
        on: 'key',
        message: `unknown key ${quoteName(key)} in an audit policy`,
        hint: 'kube-apiserver ignores it with a warning, so the rule selects more than intended; see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/',
      };
    }
    case 'invalid_value':
      return { path, message: `expected ${issue.values.join(' or ')}, found ${describeValue(found)}` };
    case 'invalid_type':
      return {
        path,
        message: `expected ${issue.expected === 'array' ? 'a list' : issue.expected === 'object' ? 'a mapping' : `a ${issue.expected}`}, found ${describeValue(found)}`,
      };
    case 'too_small':
      return { path, message: 'expected at least one rule: without one nothing is recorded' };
    default:
      return { path, message: issue.message };
  }
}
