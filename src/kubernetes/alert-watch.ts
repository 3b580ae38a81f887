import { z } from 'zod';
import type { Job } from '../alerts/job.ts';
import type { AlertPhase } from '../detect/alert.ts';
import { ALERTS_PATH } from './alert-resource.ts';
import { createResourceWatch, type ResourceWatchDeps, type ResourceWatchOptions } from './resource-watch.ts';

/** What is told of the Alert resources, as a watch of resources tells it. Names that are not ours are told too. */
export interface AlertWatchHandlers {
  /** Before each list. What is known to exist in the API at this moment, and is not in the list, has been deleted. */
  beforeList?(): Promise<void> | void;
  /** All alerts, at the start and whenever the watch has lost its place. */
  onList(phases: ReadonlyMap<string, AlertPhase>): Promise<void> | void;
  /** The phase of an alert is another one than was last told. */
  onPhase(name: string, phase: AlertPhase): Promise<void> | void;
  onDeleted(name: string): Promise<void> | void;
}

export interface AlertWatchDeps extends Omit<ResourceWatchDeps<AlertPhase>, 'handlers'> {
  readonly handlers: AlertWatchHandlers;
}

const statusSchema = z.object({ status: z.object({ phase: z.enum(['Open', 'Acknowledged', 'Closed']) }) });

/** Follows the Alert resources. Start it where it should run once, behind a lease. */
export function createAlertWatch(
  { handlers, ...deps }: AlertWatchDeps,
  options: Pick<ResourceWatchOptions<AlertPhase>, 'pageSize' | 'watchSeconds' | 'backoff'> = {},
): Job {
  /** The phases that were told, by name. Counts change all the time, and phases seldom. */
  let told = new Map<string, AlertPhase>();
  return createResourceWatch<AlertPhase>(
    {
      ...deps,
      handlers: {
        beforeList: () => handlers.beforeList?.(),
        async onList(phases) {
          await handlers.onList(phases);
          told = new Map(phases);
        },
        async onChanged(name, phase) {
          if ((told.get(name) ?? 'Open') !== phase) await handlers.onPhase(name, phase);
          told.set(name, phase);
        },
        async onDeleted(name) {
          await handlers.onDeleted(name);
          told.delete(name);
        },
      },
    },
    { ...options, path: ALERTS_PATH, of: 'alerts', read: phaseOf },
  );
}

function phaseOf(object: unknown): AlertPhase {
  const parsed = statusSchema.safeParse(object);
  return parsed.success ? parsed.data.status.phase : 'Open';
}
