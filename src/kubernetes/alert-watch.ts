import { z } from 'zod';
import type { Job } from '../alerts/job.ts';
import type { AlertPhase } from '../detect/alert.ts';
import { ALERTS_PATH } from './alert-resource.ts';
import {
  type ApiObject,
  createResourceWatch,
  type ResourceWatchDeps,
  type ResourceWatchOptions,
} from './resource-watch.ts';
import { statusDigest } from './status-digest.ts';

/** What is wanted of an Alert resource. */
export interface LiveAlert {
  readonly phase: AlertPhase;
  /** Of the rest of its status; see `statusDigest`. */
  readonly digest: string;
}

/** Receives changes of Alert resources, including some that firstseen did not create. */
export interface AlertWatchHandlers {
  /** Before each list. An alert that exists in the API now and is not in the list was deleted. */
  beforeList?(): Promise<void> | void;
  /** All alerts, at the start and whenever the watch had to start over. */
  onList(alerts: ReadonlyMap<string, LiveAlert>): Promise<void> | void;
  /** The phase of an alert has changed. */
  onPhase(name: string, phase: AlertPhase): Promise<void> | void;
  /** The status of an alert was written, by whomever. */
  onStatus?(name: string, digest: string): Promise<void> | void;
  onDeleted(name: string): Promise<void> | void;
}

export interface AlertWatchDeps extends Omit<ResourceWatchDeps<LiveAlert>, 'handlers'> {
  readonly handlers: AlertWatchHandlers;
}

const statusSchema = z.object({ status: z.object({ phase: z.enum(['Open', 'Acknowledged', 'Closed']) }) });

/** Watches the Alert resources. Only one replica should run it, behind a lease. */
export function createAlertWatch(
  { handlers, ...deps }: AlertWatchDeps,
  options: Pick<ResourceWatchOptions<LiveAlert>, 'pageSize' | 'watchSeconds' | 'backoff'> = {},
): Job {
  /** The last reported alerts, by name, because counts change all the time and phases seldom. */
  let told = new Map<string, LiveAlert>();
  return createResourceWatch<LiveAlert>(
    {
      ...deps,
      handlers: {
        beforeList: () => handlers.beforeList?.(),
        async onList(alerts) {
          await handlers.onList(alerts);
          told = new Map(alerts);
        },
        async onChanged(name, alert) {
          const before = told.get(name);
          if ((before?.phase ?? 'Open') !== alert.phase) await handlers.onPhase(name, alert.phase);
          if (before?.digest !== alert.digest) await handlers.onStatus?.(name, alert.digest);
          told.set(name, alert);
        },
        async onDeleted(name) {
          await handlers.onDeleted(name);
          told.delete(name);
        },
      },
    },
    { ...options, path: ALERTS_PATH, of: 'alerts', read: toLiveAlert },
  );
}

function toLiveAlert(object: ApiObject): LiveAlert {
  const parsed = statusSchema.safeParse(object);
  return { phase: parsed.success ? parsed.data.status.phase : 'Open', digest: statusDigest(object.status) };
}
