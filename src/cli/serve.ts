import { hostname } from 'node:os';
import { Command } from 'commander';
import { startApp } from '../app.ts';
import { createLogger } from '../telemetry/logger.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';

export function serveCommand(io: Io): Command {
  const command = new Command('serve').description('receive audit events, detect, and write alerts');
  return addConfigFlags(command).action(async (flags: Record<string, unknown>) => {
    const config = configOf(flags, io);
    const logger = createLogger(config.log);
    const instance = io.env.HOSTNAME ?? hostname();
    const deps = {
      logger,
      version: io.version,
      write: (line: string) => io.out(`${line}\n`),
      instance,
      onBug: io.onBug,
    };
    const app = await startApp(config, deps).catch((error: unknown) => {
      throw new CommandError(`firstseen cannot start: ${error instanceof Error ? error.message : String(error)}`);
    });
    const ending = await io.ended;
    if (ending.kind === 'bug') logger.error('stopping because of a bug', { error: ending.error });
    else logger.info('stopping', { signal: ending.signal });
    await app.stop();
    logger.info('stopped');
    if (ending.kind === 'bug') throw new CommandError('firstseen stopped because of a bug; see the log', EXIT.failed);
  });
}
