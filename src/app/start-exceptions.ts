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
  /** The rules that the exceptions apply to. */
  readonly rules: LiveRules;
  /** Undefined if no Kubernetes API is used. */
  readonly client: KubernetesClient | undefined;
  /** The namespace in it holds the ConfigMaps with exception lists. */
  readonly identity: OwnIdentity | undefined;
}

export interface StartedExceptions {
  /** Called with the matches that exceptions silenced. */
  note(cluster: string, excepted: Detection['excepted']): void;
  /** The job of the lease holder: the status of the exceptions. Created anew for each lease. */
  createJobs(now: () => number): readonly Job[];
  stop(): Promise<void>;
}

const NONE: StartedExceptions = { note() {}, createJobs: () => [], async stop() {} };

/** How often a replica adds its counts to the state. */
const FLUSH_MS = 5_000;
/** How long the start waits for the exceptions in the cluster; it fails sooner if the API server is down. */
const FIRST_LIST_MS = 10_000;

/**
 * Follows the RuleExceptions of the cluster and, once one of them uses a list, the ConfigMaps. Resolves when they are
 * in force, if the API server answers: an event evaluated earlier would raise an alert that an exception should
 * silence.
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
      // An unavailable store costs the counts of a few seconds.
      await uses.flush().catch(() => {});
    },
  };
}

/** Waits for the first announcement, or until the time is over. */
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
