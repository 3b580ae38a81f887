import { z } from 'zod';

/** What replicas that share one store do for each other. */
export const replicasOptionsSchema = z.strictObject({
  leaseMs: z
    .int()
    .min(3_000, 'expected at least 3000 milliseconds, or a delivery could outlast its lease')
    .max(600_000, 'expected at most 600000 milliseconds')
    .default(30_000)
    .describe(
      'How long what a replica has taken on stays its own after it has died: then another delivers those alerts, and ' +
        'follows what people do to them. A delivery is given up after a third of it.',
    ),
});

export type ReplicasOptions = Readonly<z.output<typeof replicasOptionsSchema>>;

/** The choice and its names are Kibana's: advanced setting `securitySolution:suppressionBehaviorOnAlertClosure`. */
export const ON_CLOSE = ['restart-window', 'continue-window'] as const;
export type OnClose = (typeof ON_CLOSE)[number];

/** What becomes of alerts that people work with. */
export const alertsOptionsSchema = z.strictObject({
  onClose: z
    .enum(ON_CLOSE)
    .default('restart-window')
    .describe(
      'What closing an alert does to its repeats. restart-window: the next match opens a new alert. continue-window: they go ' +
        'on counting on the closed one until its suppression window ends.',
    ),
});
