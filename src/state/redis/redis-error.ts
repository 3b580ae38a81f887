import { ReplyError } from 'ioredis';
import { OperationalError } from '../../telemetry/operational-error.ts';

/** First words of the answers by which Redis says that it is not able to serve now. */
const AWAY = ['READONLY', 'LOADING', 'BUSY', 'MASTERDOWN', 'NOREPLICAS', 'CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK'];
const LOGIN_REFUSED = ['NOAUTH', 'WRONGPASS', 'NOPERM'];
/** What a script is told whose user has lost a right since the connection was opened. */
const SCRIPT_NOT_PERMITTED = 'ERR The user executing the script';
const FULL = ['OOM', 'MISCONF'];

/** True if the server answered that this user may not log in, or may not do what was asked. */
export function isLoginRefused(error: unknown): boolean {
  return isReply(error) && LOGIN_REFUSED.includes(firstWord(error));
}

/** True if the server does not know a script by its hash: it is new, or was restarted. */
export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && firstWord(error) === 'NOSCRIPT';
}

/** The fault in the catalogue's terms; an answer that only a bug can bring about as it is. */
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
    const advice = 'give the user the ACL rule of the guide to Redis';
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

/** True if the server has answered, with an error. */
export function isReply(error: unknown): error is Error {
  return error instanceof ReplyError;
}

/** The first key of a command; a script's stand behind its hash and their number. */
function keyOf([name, ...args]: readonly unknown[]): string {
  const key = name === 'evalsha' || name === 'eval' ? args.slice(2).flat()[0] : args[0];
  return typeof key === 'string' ? ` on ${key}` : '';
}

function firstWord({ message }: Error): string {
  return message.split(' ', 1)[0] ?? '';
}
