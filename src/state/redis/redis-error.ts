import { ReplyError } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';

/** First words of Redis errors that mean it cannot serve at present. */
const AWAY = ['READONLY', 'LOADING', 'BUSY', 'MASTERDOWN', 'NOREPLICAS', 'CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK'];
const LOGIN_REFUSED = ['NOAUTH', 'WRONGPASS', 'NOPERM'];
/** The error of a script if its user has lost a right since the connection was opened. */
const SCRIPT_NOT_PERMITTED = 'ERR The user executing the script';
const FULL = ['OOM', 'MISCONF'];

/** True if the server rejected the login, or this user may not run the command. */
export function isLoginRefused(error: unknown): boolean {
  return isReply(error) && LOGIN_REFUSED.includes(firstWord(error));
}

/** True if the server does not have a script by its hash, because it is new or was restarted. */
export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && firstWord(error) === 'NOSCRIPT';
}

/** Converts an error to a fault of the catalogue; an error that only a bug can cause stays as it is. */
export function redisError(error: unknown, address: string, command: readonly unknown[] = []): unknown {
  if (error instanceof OperationalError) return error;
  const because = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (!isReply(error)) return new OperationalError('store_unavailable', `${address} is away: ${message}`, because);
  if (FULL.includes(firstWord(error))) {
    return new OperationalError('store_full', `${address} refuses writes: ${message}`, because);
  }
  if (firstWord(error) === 'NOPERM' || message.startsWith(SCRIPT_NOT_PERMITTED)) {
    const sent = `${String(command[0]).toUpperCase()}${keyOf(command)}`;
    const advice = 'give the user the ACL rule in the guide to Redis';
    return new OperationalError(
      'store_unavailable',
      `${address} does not permit ${sent} (${message}): ${advice}`,
      because,
    );
  }
  if (AWAY.includes(firstWord(error)) || isLoginRefused(error)) {
    return new OperationalError('store_unavailable', `${address} does not serve: ${message}`, because);
  }
  return error;
}

/** True if the server answered with an error. */
export function isReply(error: unknown): error is Error {
  return error instanceof ReplyError;
}

/** The first key of a command; for a script it follows the hash and the number of keys. */
function keyOf([name, ...args]: readonly unknown[]): string {
  const key = name === 'evalsha' || name === 'eval' ? args.slice(2).flat()[0] : args[0];
  return typeof key === 'string' ? ` on ${key}` : '';
}

function firstWord({ message }: Error): string {
  return message.split(' ', 1)[0] ?? '';
}
