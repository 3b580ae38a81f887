import { join, relative } from 'node:path';
import { z } from 'zod';
import { alertsOptionsSchema, replicasOptionsSchema } from '../alerts/options.ts';
import { redactionOptionsSchema } from '../audit/redaction-options.ts';
import { opsOptionsSchema, receiverOptionsSchema } from '../http/options.ts';
import { kubernetesOptionsSchema } from '../kubernetes/options.ts';
import { describeValue } from '../rules/document-problem.ts';
import { parseDuration } from '../rules/duration.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';
import { type PackOption, packOptionSchema, tamperOptionsSchema } from '../ruleset/options.ts';
import { sinksOptionsSchema } from '../sinks/options.ts';
import { stateOptions } from '../state/options.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../telemetry/logger.ts';
import { tracingOptionsSchema } from '../telemetry/tracing.ts';

const duration = z.string().transform((text, context) => {
  const micros = parseDuration(text);
  if (micros !== undefined) return micros;
  context.addIssue({ code: 'custom', message: 'expected a duration such as 30m, 36h or 7d', params: { found: true } });
  return z.NEVER;
});

const rulesOptions = z.strictObject({
  paths: z
    .array(z.string().min(1))
    .min(1, 'expected at least one file or folder')
    .optional()
    .describe(
      'Files and folders of rules: DetectionRules and Sigma rules as YAML, Elastic rules as TOML or NDJSON. ' +
        'They are rules whatever the cluster holds, unless it holds one of the same name.',
    ),
  pack: packOptionSchema
    .optional()
    .describe(
      'Which rules of the pack that comes with firstseen: all, none, or those with one of some tags, as {tags: [rbac]}. Where the ' +
        'DetectionRules in the cluster are rules, they are installed there. Without it all, or none if paths are given.',
    ),
  cluster: z
    .strictObject({
      enabled: z
        .boolean()
        .optional()
        .describe(
          'Whether the DetectionRules in the cluster are rules as well. Without it they are if kubernetes.enabled.',
        ),
    })
    .prefault({}),
});

/** Where the rules of the pack are: beside the program, as seen from where it is started if that is above them. */
export const PACK_PATHS: readonly string[] = [shortPath(join(import.meta.dirname, '..', '..', 'rules'))];

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** What is wanted of the pack: one who names files of rules says all that they want. */
export function wantedPack({ rules }: Pick<Config, 'rules'>): PackOption {
  return rules.pack ?? (rules.paths === undefined ? 'all' : 'none');
}

/** The files and folders of rules: those that are named, and the pack unless none of it is wanted. */
export function rulePaths(config: Pick<Config, 'rules'>): readonly string[] {
  return [...(config.rules.paths ?? []), ...(wantedPack(config) === 'none' ? [] : PACK_PATHS)];
}

const retentionOptions = z
  .strictObject({
    maxAge: duration.prefault('7d').describe('How long an alert is kept after its last sighting.'),
    maxAlerts: z.int().min(1).max(100_000).default(1_000).describe('The most alerts kept for one cluster.'),
    maxAlertsPerRule: z
      .int()
      .min(1)
      .max(100_000)
      .default(100)
      .describe('The most alerts kept for one rule of a cluster.'),
  })
  .describe('What is dropped first: closed alerts, then those of the noisiest rule, then the lowest severity.');

const heartbeatOptions = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Send requests through the API server of the local cluster that must come back as audit events.'),
    interval: duration
      .refine((micros) => micros >= 10 * SECOND && micros <= 2 * MINUTE, 'expected between 10s and 2m')
      .prefault('1m')
      .describe('How often. The alert fires when none has come back for 5 minutes.'),
  })
  .describe('Shows that the whole way works: API server, audit policy, webhook, firstseen. Needs kubernetes.enabled.');

const logOptions = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').describe('The least severe entries that are written.'),
  format: z.enum(LOG_FORMATS).default('json').describe('One JSON object a line, or text for a person.'),
});

/** The whole configuration: one slice a module, each stated where it is used. */
export const configSchema = z
  .strictObject({
    receiver: receiverOptionsSchema.prefault({}),
    ops: opsOptionsSchema.prefault({}),
    state: stateOptions.prefault({ kind: 'sqlite', path: 'firstseen.db' }),
    rules: rulesOptions.prefault({}),
    redaction: redactionOptionsSchema.prefault({}),
    tamper: tamperOptionsSchema.prefault({}),
    kubernetes: kubernetesOptionsSchema.prefault({}),
    sinks: sinksOptionsSchema.prefault({}),
    alerts: alertsOptionsSchema.prefault({}),
    retention: retentionOptions.prefault({}),
    replicas: replicasOptionsSchema.prefault({}),
    heartbeat: heartbeatOptions.prefault({}),
    log: logOptions.prefault({}),
    tracing: tracingOptionsSchema.prefault({}),
  })
  .superRefine(({ receiver, kubernetes: { enabled, localCluster } }, context) => {
    const names = receiver.clusters.map(({ name }) => name);
    if (!enabled || localCluster === '' || names.includes(localCluster)) return;
    context.addIssue({
      code: 'custom',
      path: ['kubernetes', 'localCluster'],
      message: `expected the one of receiver.clusters that alerts are written to (${names.join(', ')}), or "" if it sends no events here, found ${describeValue(localCluster)}`,
    });
  })
  .superRefine(({ rules, kubernetes }, context) => {
    if (rules.cluster.enabled !== true || kubernetes.enabled) return;
    const message = 'expected kubernetes.enabled as well: the rules are read through the Kubernetes API';
    context.addIssue({ code: 'custom', path: ['rules', 'cluster', 'enabled'], message, params: { found: true } });
  })
  .superRefine(({ heartbeat, kubernetes, receiver }, context) => {
    if (!heartbeat.enabled) return;
    const problem = (message: string): void =>
      context.addIssue({ code: 'custom', path: ['heartbeat', 'enabled'], message, params: { found: true } });
    if (!kubernetes.enabled) problem('expected kubernetes.enabled as well: it goes through the Kubernetes API');
    if (receiver.clusters.every(({ name }) => name !== kubernetes.localCluster)) {
      problem('expected kubernetes.localCluster to be one of receiver.clusters: its events come from there');
    }
  });

export type Config = Readonly<z.output<typeof configSchema>>;
