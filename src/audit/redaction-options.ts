import { z } from 'zod';

/** What is hidden of an event, beside what is always hidden. */
export const redactionOptionsSchema = z
  .strictObject({
    execArguments: z
      .enum(['show', 'hide'])
      .default('show')
      .describe(
        'Whether alerts show what is run in a container with its arguments, or the program only. Arguments that have the form of a secret are never shown.',
      ),
  })
  .describe('Secrets never leave the evaluation of an event: neither to the store, nor to a sink, nor to the log.');

export type RedactionOptions = Readonly<z.output<typeof redactionOptionsSchema>>;
