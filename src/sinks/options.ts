import { z } from 'zod';

/** Options of the sinks that do not use the Kubernetes API. */
export const sinksOptionsSchema = z.strictObject({
  log: z
    .strictObject({ enabled: z.boolean().default(true).describe('Write a line of JSON for each alert that opens.') })
    .prefault({}),
});

export type SinksOptions = z.infer<typeof sinksOptionsSchema>;
