import type { Store } from '../../src/alerts/store.ts';
import { createEvaluator, type Evaluator } from '../../src/ingest/create-evaluator.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import type { IngestObserver } from '../../src/ingest/observer.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { openSqliteState, type SqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { detectorOf } from './rules.ts';

/** The rules at work on a store, that commits so many decisions at once. */
export function evaluatorOn(
  store: Store,
  documents: readonly RuleDocument[],
  decisionsPerCommit = 50,
  observer?: IngestObserver,
): Evaluator {
  const detector = detectorOf(...documents);
  return createEvaluator({
    store: { ...store, decisionsPerCommit },
    detector: () => detector,
    hashes: sha256Hashes,
    sinks: [{ name: 'log', openingsOnly: true, coalesceMs: 0 }],
    own: undefined,
    ...(observer === undefined ? {} : { observer }),
  });
}

/** Runs the body on an empty store in memory. */
export async function onStore<T>(body: (store: SqliteState) => Promise<T>): Promise<T> {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}
