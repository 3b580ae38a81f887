import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Backoff, backoffMs } from '../alerts/backoff.ts';
import type { AlertPhase } from '../detect/alert.ts';
import type { Logger } from '../telemetry/logger.ts';
import { ALERTS_PATH } from './alert-resource.ts';
import type { KubernetesClient } from './client.ts';

/**
 * What is told of the Alert resources. Each is awaited before the next; one that rejects is told again after a pause, so
 * they must bear repetition. Names that are not ours are told too.
 */
export interface AlertWatchHandlers {
  /** Before each list. What is known to exist in the API at this moment, and is not in the list, has been deleted. */
  beforeList?(): Promise<void> | void;
  /** All alerts, at the start and whenever the watch has lost its place. */
  onList(phases: ReadonlyMap<string, AlertPhase>): Promise<void> | void;
  /** The phase of an alert is another one than was last told. */
  onPhase(name: string, phase: AlertPhase): Promise<void> | void;
  onDeleted(name: string): Promise<void> | void;
}

export interface AlertWatchDeps {
  readonly client: Pick<KubernetesClient, 'call' | 'watch'>;
  readonly handlers: AlertWatchHandlers;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly random?: () => number;
}

export interface AlertWatchOptions {
  /** Alerts in one page of a list. */
  readonly pageSize?: number;
  /** Seconds after which the server is asked to end a watch, less up to half at random. */
  readonly watchSeconds?: number;
  readonly backoff?: Backoff;
}

/** Follows the Alert resources. Start it where it should run once, behind a lease. */
export interface AlertWatch {
  start(): void;
  /** Tells nothing more once it resolves. */
  stop(): Promise<void>;
}

const phaseSchema = z.enum(['Open', 'Acknowledged', 'Closed']);
const alertSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({ phase: phaseSchema.catch('Open') }).catch({ phase: 'Open' }),
});
const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().default('') }),
  items: z.array(alertSchema),
});

/** The place of the watch is no longer kept by the server: only a list tells what has happened since. */
class PlaceLost extends Error {}

/**
 * Lists, then watches from the version of the list on, and resumes from the last version that was handled: nothing falls
 * between. A list comes again when the server no longer keeps that version (410).
 *
 * The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function createAlertWatch(
  { client, handlers, logger, random = Math.random }: AlertWatchDeps,
  { pageSize = 250, watchSeconds = 300, backoff = { minMs: 500, maxMs: 30_000 } }: AlertWatchOptions = {},
): AlertWatch {
  const stopped = new AbortController();
  const { signal } = stopped;
  /** The phases that were told, by name. */
  let phases = new Map<string, AlertPhase>();
  /** The version up to which everything was handled; undefined if a list is needed. */
  let version: string | undefined;
  let failures = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        version ??= await list();
        await follow(version);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof PlaceLost) version = undefined;
        else held(error);
      }
      await sleep(backoffMs(Math.max(failures, 1), backoff, random), undefined, { signal }).catch(() => {});
    }
  }

  async function list(): Promise<string> {
    await handlers.beforeList?.();
    const listed = new Map<string, AlertPhase>();
    let token = '';
    while (true) {
      const path = `${ALERTS_PATH}?limit=${pageSize}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`;
      const answer = await client.call({ method: 'GET', path, expect: ['Expired'] }, signal);
      if (answer.kind === 'refused') throw new PlaceLost(answer.message);
      const { items, metadata } = pageSchema.parse(answer.body);
      for (const { metadata, status } of items) listed.set(metadata.name, status.phase);
      token = metadata.continue;
      if (token !== '') continue;
      signal.throwIfAborted();
      await handlers.onList(listed);
      phases = listed;
      settled();
      return metadata.resourceVersion;
    }
  }

  /** Ends without an error when the server ends the watch. */
  async function follow(from: string): Promise<void> {
    const timeout = Math.ceil(watchSeconds * (1 - random() / 2));
    const path = `${ALERTS_PATH}?resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=${timeout}`;
    for await (const event of client.watch(path, signal)) {
      if (signal.aborted) return;
      if (event.type === 'ERROR') {
        if (event.object.code === 410) throw new PlaceLost(event.object.message);
        throw new Error(event.object.message);
      }
      if (event.type === 'DELETED') await deleted(event.object.metadata.name);
      else if (event.type !== 'BOOKMARK') await seen(alertSchema.parse(event.object));
      version = event.object.metadata.resourceVersion;
      settled();
    }
  }

  async function seen({ metadata: { name }, status: { phase } }: z.infer<typeof alertSchema>): Promise<void> {
    if ((phases.get(name) ?? 'Open') !== phase) await handlers.onPhase(name, phase);
    phases.set(name, phase);
  }

  async function deleted(name: string): Promise<void> {
    await handlers.onDeleted(name);
    phases.delete(name);
  }

  function held(error: unknown): void {
    failures += 1;
    const text = error instanceof Error ? error.message : String(error);
    if (failures === 1) logger.warn('watch of alerts is held up', { error: text });
  }

  function settled(): void {
    if (failures > 0) logger.info('watch of alerts goes on', { failures });
    failures = 0;
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
