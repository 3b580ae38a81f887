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

/** Names, and how often each of them was there at least. */
const talliesSchema = z.array(z.object({ value: z.string(), count: z.number() })).default([]);

/** As much of an Alert as the commands read. What a newer firstseen adds is kept. */
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

/** An Alert as the API server gives it: any text in it may be hostile. */
export type AlertObject = z.infer<typeof alertSchema>;

/** How a list says which alerts the API server is to give. */
export interface ServerSelectors {
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

const pageSchema = z.object({
  metadata: z.object({ continue: z.string().default('') }),
  items: z.array(z.unknown()),
});
const PAGE = 250;

/** @throws CommandError if the API server refuses, or gives what is no Alert */
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

/** The Alert of this name; undefined if there is none. */
export async function findAlert(cluster: ClusterClient, name: string): Promise<AlertObject | undefined> {
  const body = await cluster.find({ method: 'GET', path: alertPath(name) });
  return body === undefined ? undefined : readAlert(body);
}

/** Kubernetes leaves out what the objects of a list have in common. */
export function readAlert(body: unknown): AlertObject {
  const parsed = alertSchema.safeParse(body);
  if (!parsed.success) throw new CommandError(`the API server gave no Alert: ${z.prettifyError(parsed.error)}`);
  return { apiVersion: 'firstseen.dev/v1alpha1', kind: 'Alert', ...parsed.data };
}
