import type { Store } from '../alerts/store.ts';
import type { Detection } from '../detect/detector.ts';
import type { StateRead, StateWrite } from '../rules/state.ts';
import { exceptionFields, stateKeys } from '../rules/state-keys.ts';

/** The effect of a RuleException, over all clusters and replicas. */
export interface ExceptionUse {
  /** How many matches it silenced. An event that came twice counts twice. */
  readonly excepted: number;
  /** The time of the latest (µs). */
  readonly lastUsed: number;
}

/**
 * Counts the matches that RuleExceptions silence. Each replica collects its counts and adds them to the shared state
 * from time to time, so that a silenced event costs no commit.
 */
export interface ExceptionUses {
  note(cluster: string, excepted: Detection['excepted']): void;
  /**
   * Adds the collected counts to the state. @throws OperationalError if the store does not answer; the counts are kept
   */
  flush(): Promise<void>;
  /** By the uid of the exception. @throws OperationalError */
  read(): Promise<ReadonlyMap<string, ExceptionUse>>;
  /** Deletes the counts of exceptions that no longer exist. @throws OperationalError */
  forget(uids: readonly string[]): Promise<void>;
}

export function createExceptionUses(store: Pick<Store, 'update'>, clusters: readonly string[]): ExceptionUses {
  const key = stateKeys.exceptions;
  /** By cluster, then by uid. */
  let noted = new Map<string, Map<string, ExceptionUse>>();

  function add(cluster: string, uid: string, { excepted, lastUsed }: ExceptionUse): void {
    const ofCluster = noted.get(cluster) ?? new Map<string, ExceptionUse>();
    noted.set(cluster, ofCluster);
    const before = ofCluster.get(uid);
    ofCluster.set(uid, {
      excepted: (before?.excepted ?? 0) + excepted,
      lastUsed: Math.max(before?.lastUsed ?? 0, lastUsed),
    });
  }

  async function flushCluster(cluster: string, uses: ReadonlyMap<string, ExceptionUse>): Promise<void> {
    const uids = [...uses.keys()];
    const reads: readonly StateRead[] = [{ kind: 'fields', key, fields: uids.map(exceptionFields.lastUsed) }];
    await store.update(cluster, reads, ([known]) => {
      const fields: Record<string, string> = {};
      const writes: StateWrite[] = [];
      for (const [index, [uid, { excepted, lastUsed }]] of [...uses].entries()) {
        const before = Number((known?.kind === 'fields' ? known.values[index] : undefined) ?? 0);
        fields[exceptionFields.lastUsed(uid)] = String(Math.max(before, lastUsed));
        writes.push({ kind: 'addToField', key, field: exceptionFields.excepted(uid), by: excepted });
      }
      writes.push({ kind: 'setFields', key, mode: 'set', fields });
      return { kind: 'commit', writes, result: undefined };
    });
  }

  return {
    note(cluster, excepted) {
      for (const ofRule of excepted.values()) {
        for (const [{ uid }, { count, lastAt }] of ofRule) {
          if (uid !== undefined) add(cluster, uid, { excepted: count, lastUsed: lastAt });
        }
      }
    },

    async flush() {
      const taken = noted;
      noted = new Map();
      for (const [cluster, uses] of taken) {
        try {
          await flushCluster(cluster, uses);
          taken.delete(cluster);
        } catch (error) {
          for (const [left, ofLeft] of taken) for (const [uid, use] of ofLeft) add(left, uid, use);
          throw error;
        }
      }
    },

    async read() {
      const uses = new Map<string, ExceptionUse>();
      for (const cluster of clusters) {
        const entries = await store.update(cluster, [{ kind: 'hash', key }], ([hash]) => ({
          kind: 'commit',
          writes: [],
          result: hash?.kind === 'hash' ? hash.entries : [],
        }));
        for (const [field, value] of entries) {
          const uid = field.slice(0, field.lastIndexOf('/'));
          const { excepted, lastUsed } = uses.get(uid) ?? { excepted: 0, lastUsed: 0 };
          const number = Number(value);
          if (field === exceptionFields.excepted(uid)) uses.set(uid, { excepted: excepted + number, lastUsed });
          if (field === exceptionFields.lastUsed(uid))
            uses.set(uid, { excepted, lastUsed: Math.max(lastUsed, number) });
        }
      }
      return uses;
    },

    async forget(uids) {
      const fields = uids.flatMap((uid) => [exceptionFields.excepted(uid), exceptionFields.lastUsed(uid)]);
      if (fields.length === 0) return;
      for (const cluster of clusters) {
        const writes: readonly StateWrite[] = [{ kind: 'removeFields', key, fields }];
        await store.update(cluster, [], () => ({ kind: 'commit', writes, result: undefined }));
      }
    },
  };
}
