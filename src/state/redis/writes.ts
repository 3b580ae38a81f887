import type { StateWrite } from '../../rules/state.ts';
import { stateKeys } from '../../rules/state-keys.ts';
import type { ClusterKeys } from './keys.ts';
import { bound } from './reads.ts';

export interface CommitArguments {
  /** KEYS of commit.lua: tok, then each written key once. */
  readonly keys: readonly string[];
  /** ARGV of commit.lua from the third on. */
  readonly writes: readonly (string | number)[];
}

/** The effect of a write on its key's expiry; see commit.lua. */
type Expiry = '-' | 'never' | number;

const ZADD_FLAG = { set: '', raise: 'GT', absent: 'NX' } as const;
const HASH_COMMAND = { set: 'HSET', absent: 'HSETNX' } as const;

/** Converts writes to the flat lists that commit.lua takes. Skips empty writes. */
export function commitArguments(keys: ClusterKeys, writes: readonly StateWrite[]): CommitArguments {
  const names: string[] = [keys.tok];
  const indexes = new Map<string, number>();
  const flat: (string | number)[] = [];

  function index(name: string): number {
    const known = indexes.get(name);
    if (known !== undefined) return known;
    indexes.set(name, names.push(keys.of(name)));
    return names.length;
  }

  function put(
    name: string,
    operation: string,
    flag: string,
    expiry: Expiry,
    args: readonly (string | number)[],
  ): void {
    if (args.length === 0 && operation !== 'DEL') return;
    flat.push(operation, flag, index(name), expiry, args.length);
    for (const arg of args) flat.push(arg); // a spread would put 40,000 arguments on the stack
  }

  for (const write of writes) {
    switch (write.kind) {
      case 'addMembers':
        put(write.key, 'SADD', '', write.keepMs ?? 'never', write.members);
        break;
      case 'setScores': {
        const pairs = write.entries.flatMap(({ member, score }) => [score, member]);
        put(write.key, 'ZADD', ZADD_FLAG[write.mode], write.keepMs ?? 'never', pairs);
        break;
      }
      case 'removeScores':
        put(write.key, 'ZREM', '', '-', write.members);
        break;
      case 'pruneScores':
        put(write.key, 'ZREMRANGEBYSCORE', '', '-', ['-inf', `(${bound(write.below)}`]);
        break;
      case 'setFields':
        put(write.key, HASH_COMMAND[write.mode], '', write.keepMs ?? 'never', Object.entries(write.fields).flat());
        break;
      case 'addToField':
        put(write.key, 'HINCRBY', '', write.keepMs ?? 'never', [write.field, write.by]);
        break;
      case 'removeFields':
        put(write.key, 'HDEL', '', '-', write.fields);
        break;
      case 'removeKey':
        put(write.key, 'DEL', '', '-', []);
        break;
      case 'markDue':
        put(stateKeys.due(write.sink), 'DUE', '', 'never', [write.alertId, write.delayMs]);
        break;
    }
  }
  return { keys: names, writes: flat };
}
