import { z } from 'zod';

/** Options of replicas that share one store. */
export const replicasOptionsSchema = z.strictObject({
  leaseMs: z
    .int()
    .min(3_000, 'expected at least 3000 milliseconds, because a delivery must not outlast its lease')
    .max(600_000, 'expected at most 600000 milliseconds')
    .default(30_000)
    .describe(
      'How long the work of a replica stays reserved after it has died. Then another replica takes over its deliveries and ' +
        'jobs. A delivery times out after a third of this.',
    ),
});

export type ReplicasOptions = Readonly<z.output<typeof replicasOptionsSchema>>;

/** The choice and its names are Kibana's: advanced setting `securitySolution:suppressionBehaviorOnAlertClosure`. */
export const ON_CLOSE = ['restart-window', 'continue-window'] as const;
export type OnClose = (typeof ON_CLOSE)[number];

/** Options of alerts that users work on. */
export const alertsOptionsSchema = z.strictObject({
  onClose: z
    .enum(ON_CLOSE)
    .default('restart-window')
    .describe(
      'What happens to repeats of a closed alert. restart-window: the next match opens a new alert. continue-window: they ' +
        'still count on the closed alert until its suppression window ends.',
    ),
});
