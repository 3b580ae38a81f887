import { z } from 'zod';

/** The sinks that are not the Kubernetes API's. */
export const sinksOptionsSchema = z.strictObject({
  log: z
    .strictObject({ enabled: z.boolean().default(true).describe('Write a line of JSON for each alert that opens.') })
    .prefault({}),
});

export type SinksOptions = z.infer<typeof sinksOptionsSchema>;
