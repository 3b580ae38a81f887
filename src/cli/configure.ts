import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { SETTINGS } from '../config/settings.ts';
import { CommandError, type Io } from './io.ts';

/** Adds `--config` and a flag for each setting, or only for the settings in `only`. */
export function addConfigFlags(command: Command, only?: readonly string[]): Command {
  command.option('--config <file>', 'configuration file, YAML (env: FIRSTSEEN_CONFIG)');
  for (const { flag, env, doc, repeatable } of SETTINGS) {
    if (flag === undefined || (only !== undefined && !only.some((name) => flag.startsWith(name)))) continue;
    const help = env === undefined ? doc : `${doc} (env: ${env})`;
    // Commander's own list (`<path...>`) would consume the arguments after it.
    if (repeatable === true) command.option(flag, help, (text: string, before: string[] = []) => [...before, text]);
    else command.option(flag, help);
  }
  return command;
}

/** @throws CommandError with every problem of the configuration */
export function configOf(flags: Readonly<Record<string, unknown>>, io: Io): Config {
  const file = typeof flags.config === 'string' ? flags.config : io.env.FIRSTSEEN_CONFIG || undefined;
  const loaded = loadConfig({ file, env: io.env, flags });
  if (loaded.kind === 'ok') return loaded.config;
  throw new CommandError(
    `invalid configuration:\n${loaded.problems.map((text) => `  ${text.replaceAll('\n', '\n  ')}`).join('\n')}`,
  );
}
