import type { Cluster, Redis } from 'ioredis';
import { redisError } from './redis-error.ts';

type Argument = string | number;

/** A command and its arguments; a list stands for its elements, however many. */
export type Command = [name: string, ...args: (Argument | readonly Argument[])[]];

export interface RedisConnection {
  /** What a crash of the server can lose, or why it is not known yet. */
  durability(): string;
  /**
   * Sends the commands in one go, in this order, over one connection, and gives their answers. Their keys share one hash tag.
   * @throws OperationalError if the server is away, or refuses one of them
   */
  exec(commands: readonly Command[]): Promise<readonly unknown[]>;
  close(): void;
}

/**
 * The answers to commands that are sent in one go; in a Redis Cluster all to the master that has the keys.
 * @throws OperationalError for the first one that is refused or has no answer
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
    throw redisError(error, address); // a Redis Cluster that is not known yet
  }
  return answers.map(([error, answer], i) => {
    if (error) throw redisError(error, address, commands[i]);
    return answer;
  });
}
