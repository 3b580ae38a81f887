import { setTimeout as sleep } from 'node:timers/promises';
import { createPeriodicJob, type Job } from '../alerts/job.ts';
import type { Store } from '../alerts/store.ts';
import type { Config } from '../config/schema.ts';
import type { Detection } from '../detect/detector.ts';
import type { OwnIdentity } from '../ingest/own-writes.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createExceptionStatusJob } from '../kubernetes/exception-status-job.ts';
import { createConfigMapWatch, createExceptionWatch } from '../kubernetes/exception-watch.ts';
import { namespaceOf } from '../kubernetes/own-identity.ts';
import { createExceptionAnnouncer } from '../ruleset/exception-announcer.ts';
import { createExceptionUses } from '../ruleset/exception-use.ts';
import { createLiveExceptions } from '../ruleset/live-exceptions.ts';
import type { LiveRules } from '../ruleset/live-rules.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface ExceptionsDeps {
  readonly logger: Logger;
  readonly store: Store;
  readonly clusters: readonly string[];
  /** The rules that the exceptions are put to. */
  readonly rules: LiveRules;
  /** Undefined where no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  /** Whose namespace holds the ConfigMaps with lists. */
  readonly identity: OwnIdentity | undefined;
}

export interface StartedExceptions {
  /** Told what exceptions have kept from rules. */
  note(cluster: string, excepted: Detection['excepted']): void;
  /** What one replica does for all: the status of the exceptions. Made anew each time. */
  createJobs(now: () => number): readonly Job[];
  stop(): Promise<void>;
}

const NONE: StartedExceptions = { note() {}, createJobs: () => [], async stop() {} };

/** How often a replica adds what it has counted to the state. */
const FLUSH_MS = 5_000;
/** How long the start waits for the exceptions in the cluster; an API server that is away fails sooner. */
const FIRST_LIST_MS = 10_000;

/**
 * Follows the RuleExceptions of the cluster, and the ConfigMaps that they take lists from as soon as one does. Resolves when
 * they are in force, if the API server answers: before that no event is evaluated, or each start would tell what is excepted.
 */
export async function startExceptions(
  config: Config,
  { logger, store, clusters, rules, client, identity }: ExceptionsDeps,
): Promise<StartedExceptions> {
  if (client === undefined || config.rules.cluster.enabled === false) return NONE;
  const namespace = namespaceOf(identity);
  const announce = createExceptionAnnouncer(logger);
  const live = createLiveExceptions({ onDocuments: rules.setExceptions, onEntries: announce });
  const uses = createExceptionUses(store, clusters);
  if (namespace === undefined) live.setConfigMaps('unknown namespace');

  const exceptionsRead = createFirstWord();
  const mapsRead = createFirstWord();
  const maps =
    namespace === undefined
      ? undefined
      : createConfigMapWatch({ client, logger, onHeld: mapsRead.say }, namespace, (told) => {
          live.setConfigMaps(told);
          mapsRead.say();
        });
  const exceptions = createExceptionWatch({ client, logger, onHeld: exceptionsRead.say }, (told) => {
    live.setResources(told);
    if (live.wantsConfigMaps()) maps?.start();
    exceptionsRead.say();
  });
  exceptions.start();
  await exceptionsRead.within(FIRST_LIST_MS);
  if (live.wantsConfigMaps() && maps !== undefined) await mapsRead.within(FIRST_LIST_MS);
  await rules.settled();

  const flushing = createPeriodicJob(FLUSH_MS, () => uses.flush().catch(() => {}));
  flushing.start();
  return {
    note: uses.note,
    createJobs: (now) => [
      createExceptionStatusJob({
        client,
        entries: live.entries,
        rules: () => rules.entries().map(({ name, inForce }) => ({ name, tags: inForce?.rule.document.tags ?? [] })),
        uses,
        clusters,
        logger,
        now,
      }),
    ],
    async stop() {
      await Promise.all([exceptions.stop(), maps?.stop(), flushing.stop()]);
      // A store that is away costs the counts of a few seconds.
      await uses.flush().catch(() => {});
    },
  };
}

/** Waits until something is said for the first time, or for so long. */
function createFirstWord() {
  const said = Promise.withResolvers<void>();
  return {
    say: () => said.resolve(),
    async within(ms: number): Promise<void> {
      const late = new AbortController();
      await Promise.race([said.promise, sleep(ms, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    },
  };
}
