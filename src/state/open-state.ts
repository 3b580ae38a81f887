import type { AlertQueue } from '../alerts/queue.ts';
import type { Store } from '../alerts/store.ts';
import type { StateOptions } from './options.ts';
import { connectRedisState } from './redis/redis-state.ts';
import { openSqliteState } from './sqlite/sqlite-state.ts';
import type { StateObserver } from './state-observer.ts';

/**
 * Opens the configured store.
 * @throws OperationalError `store_misconfigured` that says what to change, or `store_unavailable` for a SQLite file in
 *   use
 */
export async function openState(options: StateOptions, observe: StateObserver): Promise<Store & AlertQueue> {
  switch (options.kind) {
    case 'sqlite':
      return openSqliteState(options, { observe });
    case 'redis':
      return connectRedisState(options, { observe });
  }
}
