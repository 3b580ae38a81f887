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
        'A DetectionRule in the cluster replaces a rule of the same name.',
    ),
  pack: packOptionSchema
    .optional()
    .describe(
      'Which rules of the bundled pack to run: all, none, or those with one of the listed tags, such as {tags: [rbac]}. ' +
        'If DetectionRules in the cluster run, the pack is installed there. By default all, or none if paths is set.',
    ),
  cluster: z
    .strictObject({
      enabled: z
        .boolean()
        .optional()
        .describe('Also run the DetectionRules in the cluster. By default true if kubernetes.enabled.'),
    })
    .prefault({}),
});

/** The folder of the rule pack, beside the program; relative if the working directory is above it. */
export const PACK_PATHS: readonly string[] = [shortPath(join(import.meta.dirname, '..', '..', 'rules'))];

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** The selected part of the pack: by default all of it, or none if rule paths are set. */
export function wantedPack({ rules }: Pick<Config, 'rules'>): PackOption {
  return rules.pack ?? (rules.paths === undefined ? 'all' : 'none');
}

/** Files and folders of rules: the configured paths, and the pack unless it is off. */
export function rulePaths(config: Pick<Config, 'rules'>): readonly string[] {
  return [...(config.rules.paths ?? []), ...(wantedPack(config) === 'none' ? [] : PACK_PATHS)];
}

const retentionOptions = z
  .strictObject({
    maxAge: duration.prefault('7d').describe('How long to keep an alert after its last sighting.'),
    maxAlerts: z.int().min(1).max(100_000).default(1_000).describe('The most alerts to keep for a cluster.'),
    maxAlertsPerRule: z
      .int()
      .min(1)
      .max(100_000)
      .default(100)
      .describe('The most alerts to keep for a rule of a cluster.'),
  })
  .describe(
    'Limits on stored alerts. Beyond them closed alerts go first, then those of the noisiest rule, then the lowest severity.',
  );

const heartbeatOptions = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Send requests to the API server of the local cluster that must come back as audit events.'),
    interval: duration
      .refine((micros) => micros >= 10 * SECOND && micros <= 2 * MINUTE, 'expected between 10s and 2m')
      .prefault('1m')
      .describe('How often to send one. The alert fires when none has come back for 5 minutes.'),
  })
  .describe('Tests the whole path: API server, audit policy, webhook, firstseen. Needs kubernetes.enabled.');

const logOptions = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').describe('The least severe level to write.'),
  format: z.enum(LOG_FORMATS).default('json').describe('One JSON object a line, or text for people.'),
});

/** The whole configuration; each module declares its own slice. */
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
      message: `expected the name in receiver.clusters of the cluster that alerts are written to (${names.join(', ')}), or "" if that cluster sends no events here, found ${describeValue(localCluster)}`,
    });
  })
  .superRefine(({ rules, kubernetes }, context) => {
    if (rules.cluster.enabled !== true || kubernetes.enabled) return;
    const message = 'expected kubernetes.enabled too: rules are read through the Kubernetes API';
    context.addIssue({ code: 'custom', path: ['rules', 'cluster', 'enabled'], message, params: { found: true } });
  })
  .superRefine(({ heartbeat, kubernetes, receiver }, context) => {
    if (!heartbeat.enabled) return;
    const problem = (message: string): void =>
      context.addIssue({ code: 'custom', path: ['heartbeat', 'enabled'], message, params: { found: true } });
    if (!kubernetes.enabled) problem('expected kubernetes.enabled too: the heartbeat goes through the Kubernetes API');
    if (receiver.clusters.every(({ name }) => name !== kubernetes.localCluster)) {
      problem(
        'expected kubernetes.localCluster to be one of receiver.clusters: the heartbeat comes back as an event of it',
      );
    }
  });

export type Config = Readonly<z.output<typeof configSchema>>;
