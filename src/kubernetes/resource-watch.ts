import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Backoff, backoffMs } from '../alerts/backoff.ts';
import type { Job } from '../alerts/job.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { KubernetesClient } from './client.ts';

/**
 * Receives changes of a collection. Each call is awaited before the next; if one rejects, it is repeated after a pause,
 * so handlers must be idempotent.
 */
export interface ResourceWatchHandlers<T> {
  /** Before each list. An object that exists in the API now and is not in the list was deleted. */
  beforeList?(): Promise<void> | void;
  /** All objects by name, at the start and whenever the watch had to start over. */
  onList(objects: ReadonlyMap<string, T>): Promise<void> | void;
  /** An object is new or has changed. */
  onChanged(name: string, object: T): Promise<void> | void;
  onDeleted(name: string): Promise<void> | void;
}

export interface ResourceWatchDeps<T> {
  readonly client: Pick<KubernetesClient, 'call' | 'watch'>;
  readonly handlers: ResourceWatchHandlers<T>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Called after each failed list or watch, before the pause and the retry. */
  readonly onHeld?: () => void;
  readonly random?: () => number;
}

export interface ResourceWatchOptions<T> {
  /** The path of the collection, of all namespaces or of one, such as `/api/v1/namespaces/a/configmaps`. */
  readonly path: string;
  /** Selects objects, such as `{ labelSelector: 'a=b' }`. All by default. */
  readonly query?: Readonly<Record<string, string>>;
  /** Names the objects in the log. */
  readonly of: string;
  /** Reads the needed part of an object. Must not throw, because one object would block all others. */
  readonly read: (object: ApiObject) => T;
  /** Objects in one page of a list. */
  readonly pageSize?: number;
  /** Seconds after which the server should end a watch, up to half less at random. */
  readonly watchSeconds?: number;
  readonly backoff?: Backoff;
}

const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().default('') }),
});
/** Any object of the API: it has a name and a version. */
export type ApiObject = z.infer<typeof objectSchema>;

const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().default('') }),
  items: z.array(objectSchema),
});

/** The server no longer has the watch's resource version: only a list shows what has happened since. */
class PlaceLost extends Error {}

/**
 * Follows a collection of the API: lists, watches from the version of the list, and resumes from the last version that
 * was handled, so that nothing is missed. If the server no longer has that version (410), it lists again. After its
 * stop resolves it calls no handler.
 *
 * The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function createResourceWatch<T>(
  { client, handlers, logger, onHeld, random = Math.random }: ResourceWatchDeps<T>,
  {
    path,
    query = {},
    of,
    read,
    pageSize = 250,
    watchSeconds = 300,
    backoff = { minMs: 500, maxMs: 30_000 },
  }: ResourceWatchOptions<T>,
): Job {
  const stopped = new AbortController();
  const { signal } = stopped;
  /** The version up to which everything was handled; undefined if a list is needed. */
  let version: string | undefined;
  const fault = createLastingFault(logger, { begins: 'watch is failing', ends: 'watch has recovered' }, { of });
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        version ??= await list();
        await follow(version);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof PlaceLost) version = undefined;
        else {
          fault.failed(error);
          onHeld?.();
        }
      }
      await sleep(backoffMs(Math.max(fault.failures(), 1), backoff, random), undefined, { signal }).catch(() => {});
    }
  }

  async function list(): Promise<string> {
    await handlers.beforeList?.();
    const listed = new Map<string, T>();
    let token = '';
    while (true) {
      const page = { limit: String(pageSize), ...(token !== '' && { continue: token }) };
      const call = { method: 'GET', path: withQuery({ ...query, ...page }), expect: ['Expired'] } as const;
      const answer = await client.call(call, signal);
      if (answer.kind === 'refused') throw new PlaceLost(answer.message);
      const { items, metadata } = pageSchema.parse(answer.body);
      for (const object of items) listed.set(object.metadata.name, read(object));
      token = metadata.continue;
      if (token !== '') continue;
      signal.throwIfAborted();
      await handlers.onList(listed);
      fault.mended();
      return metadata.resourceVersion;
    }
  }

  /** Ends without an error when the server ends the watch. */
  async function follow(from: string): Promise<void> {
    const timeoutSeconds = String(Math.ceil(watchSeconds * (1 - random() / 2)));
    const settings = { ...query, resourceVersion: from, allowWatchBookmarks: 'true', timeoutSeconds };
    for await (const event of client.watch(withQuery(settings), signal)) {
      if (signal.aborted) return;
      if (event.type === 'ERROR') {
        if (event.object.code === 410) throw new PlaceLost(event.object.message);
        throw new Error(event.object.message);
      }
      const { name, resourceVersion } = event.object.metadata;
      if (event.type === 'DELETED') await handlers.onDeleted(name);
      else if (event.type !== 'BOOKMARK') await handlers.onChanged(name, read(event.object));
      version = resourceVersion;
      fault.mended();
    }
  }

  function withQuery(settings: Readonly<Record<string, string>>): string {
    return `${path}?${new URLSearchParams(settings)}`;
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

/**
 * The same, with all objects after each change of one.
 *
 * @param onObjects all objects by name: first the list, then after each change; a new map each time
 */
export function createResourceMirror<T>(
  deps: Omit<ResourceWatchDeps<T>, 'handlers'>,
  options: ResourceWatchOptions<T>,
  onObjects: (objects: ReadonlyMap<string, T>) => void,
): Job {
  let objects: ReadonlyMap<string, T> = new Map();
  const tell = (next: ReadonlyMap<string, T>) => {
    objects = next;
    onObjects(next);
  };
  const handlers: ResourceWatchHandlers<T> = {
    onList: tell,
    onChanged: (name, object) => tell(new Map(objects).set(name, object)),
    onDeleted(name) {
      const next = new Map(objects);
      next.delete(name);
      tell(next);
    },
  };
  return createResourceWatch({ ...deps, handlers }, options);
}
