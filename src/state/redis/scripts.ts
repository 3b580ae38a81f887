import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command, RedisConnection } from './connection.ts';
import { isUnknownScript } from './redis-error.ts';

const NAMES = ['commit', 'lease', 'claim', 'done', 'retry', 'bury'] as const;

export type ScriptName = (typeof NAMES)[number];

export interface Scripts {
  /**
   * Runs a script, and further commands after it over the same connection.
   * @returns the answers, that of the script first
   */
  run(
    name: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
    ...after: readonly Command[]
  ): Promise<readonly unknown[]>;
}

/** The Lua scripts in this folder: sent by hash, and in full if the server does not have them. */
export function createScripts(connection: RedisConnection): Scripts {
  const scripts = new Map(NAMES.map((name) => [name, loadScript(name)]));
  return {
    async run(name, keys, args, ...after) {
      const { text, sha1 } = scripts.get(name) ?? loadScript(name);
      try {
        return await connection.exec([['evalsha', sha1, keys.length, keys, args], ...after]);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        return connection.exec([['eval', text, keys.length, keys, args], ...after]);
      }
    },
  };
}

function loadScript(name: ScriptName): { readonly text: string; readonly sha1: string } {
  const text = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
