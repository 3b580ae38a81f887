import { z } from 'zod';
import { ALERTS_PATH, alertPath } from '../../kubernetes/alert-resource.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { CommandError } from '../io.ts';

const text = z.string().optional();
const fieldAndValue = z.object({ field: z.string(), value: z.string() });

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: text,
});

/** Values, each with a lower bound of how often it occurred. */
const talliesSchema = z.array(z.object({ value: z.string(), count: z.number() })).default([]);

/** The fields of an Alert that the commands read. Fields from a newer firstseen are kept. */
const alertSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), creationTimestamp: text }),
  spec: z.looseObject({
    rule: z.looseObject({ name: z.string(), title: z.string().default(''), type: text, version: text, id: text }),
    severity: z.string().default(''),
    riskScore: z.number().optional(),
    reason: z.string().default(''),
    newTerms: z.array(fieldAndValue).optional(),
    groupBy: z.array(fieldAndValue).optional(),
    threat: z
      .array(
        z.object({
          tactic: z.object({ id: z.string(), name: z.string() }),
          technique: z.object({ id: z.string(), name: z.string() }).optional(),
        }),
      )
      .optional(),
    request: z
      .looseObject({
        time: text,
        auditID: text,
        stage: text,
        verb: text,
        uri: text,
        resource: text,
        apiGroup: text,
        namespace: text,
        name: text,
        subresource: text,
        code: z.number().optional(),
        decision: text,
        dryRun: z.boolean().optional(),
        truncated: z.boolean().optional(),
      })
      .default({}),
    actor: z
      .looseObject({
        user: text,
        groups: z.array(z.string()).optional(),
        impersonated: text,
        sourceIP: text,
        sourceIPs: z.array(z.string()).optional(),
        userAgent: text,
      })
      .default({}),
    cluster: z.string().default(''),
    overflow: z.boolean().default(false),
    display: z.looseObject({ user: text, action: text, object: text, source: text, newTerm: text }).default({}),
  }),
  status: z
    .looseObject({
      phase: z.string().default('Open'),
      count: z.number().default(1),
      firstSeen: text,
      lastSeen: text,
      evidence: z.array(z.object({ time: z.string(), auditID: z.string(), requestKey: z.string() })).default([]),
      conditions: z.array(conditionSchema).default([]),
      overflow: z
        .looseObject({ users: talliesSchema, sources: talliesSchema, samples: z.array(z.string()).default([]) })
        .optional(),
    })
    .prefault({}),
});

/** An Alert from the API server. Any text in it may be hostile. */
export type AlertObject = z.infer<typeof alertSchema>;

/** Selectors that the API server applies. */
export interface ServerSelectors {
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

const pageSchema = z.object({
  metadata: z.object({ continue: z.string().default('') }),
  items: z.array(z.unknown()),
});
const PAGE = 250;

/** Lists all pages. @throws CommandError if the API server refuses, or returns an object that is not an Alert */
export async function listAlerts(cluster: ClusterClient, { labels, fields }: ServerSelectors): Promise<AlertObject[]> {
  const alerts: AlertObject[] = [];
  for (let token = ''; ; ) {
    const query = new URLSearchParams({
      limit: String(PAGE),
      ...(labels === undefined ? {} : { labelSelector: labels }),
      ...(fields === undefined ? {} : { fieldSelector: fields }),
      ...(token === '' ? {} : { continue: token }),
    });
    const page = pageSchema.parse(await cluster.call({ method: 'GET', path: `${ALERTS_PATH}?${query}` }));
    alerts.push(...page.items.map(readAlert));
    token = page.metadata.continue;
    if (token === '') return alerts;
  }
}

/** The Alert with this name, or undefined. */
export async function findAlert(cluster: ClusterClient, name: string): Promise<AlertObject | undefined> {
  const body = await cluster.find({ method: 'GET', path: alertPath(name) });
  return body === undefined ? undefined : readAlert(body);
}

/** Parses an Alert and adds `apiVersion` and `kind`, which the API server omits from list items. */
export function readAlert(body: unknown): AlertObject {
  const parsed = alertSchema.safeParse(body);
  if (!parsed.success) {
    throw new CommandError(
      `the API server returned an invalid Alert: ${z.prettifyError(parsed.error)}\n` +
        '  hint: install the resource definitions of this version, see docs/guides/upgrade.md',
    );
  }
  return { apiVersion: 'firstseen.dev/v1alpha1', kind: 'Alert', ...parsed.data };
}
