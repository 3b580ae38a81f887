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
