import type { Cluster, Redis } from 'ioredis';
import { redisError } from './redis-error.ts';

type Argument = string | number;

/** A command and its arguments; a list stands for its elements. */
export type Command = [name: string, ...args: (Argument | readonly Argument[])[]];

export interface RedisConnection {
  /** Describes what a crash of the server can lose, or why that is not known yet. */
  durability(): string;
  /**
   * Sends the commands together, in this order, over one connection, and returns their answers. Their keys share a hash
   * tag.
   * @throws OperationalError if the server is unavailable or rejects one of them
   */
  exec(commands: readonly Command[]): Promise<readonly unknown[]>;
  close(): void;
}

/**
 * Sends commands together; in a Redis Cluster all of them to the master with the keys.
 * @throws OperationalError for the first command that is rejected or has no answer
 */
export async function pipelineAnswers(
  redis: Redis | Cluster,
  commands: readonly Command[],
  address: string,
): Promise<readonly unknown[]> {
  let answers: readonly [Error | null, unknown][];
  try {
    answers = (await redis.pipeline(commands as Command[]).exec()) ?? [];
  } catch (error) {
    throw redisError(error, address); // the topology of the Redis Cluster is not known yet
  }
  return answers.map(([error, answer], i) => {
    if (error) throw redisError(error, address, commands[i]);
    return answer;
  });
}
