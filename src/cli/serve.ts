import { hostname } from 'node:os';
import { Command } from 'commander';
import { startApp } from '../app/start-app.ts';
import type { Config } from '../config/schema.ts';
import { readFailure } from '../rulefiles/find-rule-files.ts';
import { createDebugSwitch } from '../telemetry/debug-switch.ts';
import { createLogger } from '../telemetry/logger.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';

const HELP = `
Flags override the environment, which overrides the file. The defaults are: events on http://127.0.0.1:9443/audit, health
and metrics on http://127.0.0.1:9444, state in ./firstseen.db, rules in ./rules.

Examples:
  $ firstseen serve                                           local trial without Kubernetes
  $ firstseen serve --config firstseen.yaml                   for TLS and several clusters, which need a file
  $ firstseen serve --kubernetes true --kubeconfig ~/.kube/config
  $ firstseen serve --state redis://127.0.0.1:6379            state shared by several replicas

Alerts go to standard output, one line of JSON each; the log goes to standard error. SIGUSR2 switches the log to debug for
15 minutes; a second SIGUSR2 switches it back.
\`firstseen webhook-config\` prints the configuration of the API server.`;

export function serveCommand(io: Io): Command {
  const command = new Command('serve')
    .description('receive audit events, evaluate rules and write alerts')
    .addHelpText('after', HELP);
  return addConfigFlags(command).action(async (flags: Record<string, unknown>) => {
    const config = configOf(flags, io);
    const logger = createLogger(config.log);
    io.onDebugSignal(createDebugSwitch(logger, config.log.level).flip);
    const instance = io.env.HOSTNAME ?? hostname();
    const deps = {
      logger,
      version: io.version,
      env: io.env,
      write: io.out,
      instance,
      onBug: io.onBug,
    };
    const app = await startApp(config, deps).catch((error: unknown) => {
      // A bug keeps its stack; other failures become a message.
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      throw new CommandError(`firstseen cannot start: ${startFailure(error, config)}`);
    });
    const ending = await io.ended;
    if (ending.kind === 'bug') logger.error('stopping because of a bug', { error: ending.error });
    else logger.info('stopping', { signal: ending.signal });
    await app.stop(ending.kind === 'signal');
    logger.info('stopped');
    if (ending.kind === 'bug')
      throw new CommandError('firstseen stopped because of a bug; report it with the stack in the log', EXIT.failed);
  });
}

/** The fields that Node adds to system errors. */
type SystemError = NodeJS.ErrnoException & { readonly port?: number };

/** Why the server cannot start, and what to do. */
function startFailure(error: unknown, { receiver, ops }: Config): string {
  if (!(error instanceof Error)) return String(error);
  const { syscall, code, port, path }: SystemError = error;
  if (syscall === 'listen') {
    const flag = port === receiver.listen.port ? '--listen' : '--ops-listen';
    const { host } = port === receiver.listen.port ? receiver.listen : ops.listen;
    const why = code === 'EADDRINUSE' ? 'another process listens there' : error.message;
    return `cannot listen on ${host}:${port}: ${why}; choose another address with ${flag}`;
  }
  if (typeof path === 'string') return `${path}: ${readFailure(error)}`;
  return error.message;
}
