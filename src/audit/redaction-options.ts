import { z } from 'zod';

/** What is hidden in addition to secrets, which are always hidden. */
export const redactionOptionsSchema = z
  .strictObject({
    execArguments: z
      .enum(['show', 'hide'])
      .default('show')
      .describe(
        'Arguments of commands run in containers: `show` them in alerts, or `hide` all but the program. Arguments that look like secrets are never shown.',
      ),
  })
  .describe('Secrets never leave the evaluation of an event: not to the store, not to a sink, not to the log.');

export type RedactionOptions = Readonly<z.output<typeof redactionOptionsSchema>>;
