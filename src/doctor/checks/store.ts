import { existsSync, statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { excerpt } from '../../audit/text.ts';
import { openState } from '../../state/open-state.ts';
import type { RedisStateOptions, SqliteStateOptions } from '../../state/options.ts';
import { OperationalError } from '../../telemetry/operational-error.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, warning } from '../finding.ts';

const MAX_TEXT_BYTES = 400;
const NO_STORE = 'a batch with a match is answered 503; after about 90 s the API server drops it';

/** Whether the store can be reached, and what a crash of it can lose. A SQLite file is not opened: the running firstseen holds it. */
export const storeCheck: Check = {
  name: 'store',
  async run(subject) {
    const state = subject.section('state');
    return state.kind === 'redis' ? redis(state) : sqlite(state);
  },
};

async function redis(options: RedisStateOptions): Promise<readonly Finding[]> {
  let store: Awaited<ReturnType<typeof openState>> | undefined;
  try {
    store = await openState(options, { update: () => {}, conflict: () => {} });
    await store.ping();
    const said = excerpt(store.durability, MAX_TEXT_BYTES);
    // What makes it lose what was learned is said with the word, in every form of the sentence.
    if (!said.includes('WARNING')) return [ok(said)];
    return [
      warning(said, {
        why: 'what was learned is forgotten, and alerted again',
        mend: 'redis-cli CONFIG SET maxmemory-policy noeviction && redis-cli CONFIG REWRITE',
      }),
    ];
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    return [failure(excerpt(error.message, MAX_TEXT_BYTES), redisAdvice(error))];
  } finally {
    await store?.close();
  }
}

function redisAdvice({ code, message }: OperationalError) {
  if (code !== 'store_misconfigured') {
    return {
      why: NO_STORE,
      mend: 'is it up, and may this pod reach it? redis-cli -u redis://HOST:PORT PING    # and NetworkPolicies',
    };
  }
  const why = 'firstseen does not start with it';
  if (message.includes('durability "fsync"')) {
    return {
      why,
      mend: 'redis-cli CONFIG SET appendonly yes && redis-cli CONFIG SET appendfsync always && redis-cli CONFIG REWRITE\n# or demand less: state.durability: best-effort',
    };
  }
  return { why, mend: 'state.username and FIRSTSEEN_REDIS_PASSWORD, the ACL of that user, or the file that is named' };
}

async function sqlite({ path }: SqliteStateOptions): Promise<readonly Finding[]> {
  if (path === ':memory:') {
    return [
      warning('the state is kept in memory only', {
        why: 'each start forgets what was seen, and alerts again',
        mend: 'state: {kind: sqlite, path: /var/lib/firstseen/state.sqlite}',
      }),
    ];
  }
  const folder = dirname(path);
  const writable = await access(existsSync(path) ? path : folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    const why = existsSync(folder) ? 'may not be written by this user' : 'is in a folder that does not exist';
    return [
      failure(`the state file ${path} ${why}`, {
        why: 'firstseen does not start without it',
        mend: `install -d -o 65532 -g 65532 ${folder}`,
      }),
    ];
  }
  const size = existsSync(path) ? `has ${statSync(path).size} bytes` : 'is not there yet, and will be made';
  return [ok(`the state file ${path} ${size}; every commit is flushed to the disk before it is acknowledged`)];
}
