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
Flags win over the environment, and the environment over the file. Without any of them: events on
http://127.0.0.1:9443/audit, health and metrics on http://127.0.0.1:9444, state in ./firstseen.db, rules in ./rules.

Examples:
  $ firstseen serve                                           on this machine only, no Kubernetes: to try it
  $ firstseen serve --config firstseen.yaml                   TLS and several clusters: only the file has these
  $ firstseen serve --kubernetes true --kubeconfig ~/.kube/config
  $ firstseen serve --state redis://127.0.0.1:6379            several replicas share what they have seen

Each alert is one line of JSON on standard output; the log is on standard error. SIGUSR2 switches the log to debug for 15
minutes, and a second one back at once.
What the API server needs to send its events here: firstseen webhook-config --help`;

export function serveCommand(io: Io): Command {
  const command = new Command('serve')
    .description('receive audit events, detect, and write alerts')
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
      // A bug keeps its stack; what an operator can mend is said in words.
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      throw new CommandError(`firstseen cannot start: ${startFailure(error, config)}`);
    });
    const ending = await io.ended;
    if (ending.kind === 'bug') logger.error('stopping because of a bug', { error: ending.error });
    else logger.info('stopping', { signal: ending.signal });
    await app.stop(ending.kind === 'signal');
    logger.info('stopped');
    if (ending.kind === 'bug') throw new CommandError('firstseen stopped because of a bug; see the log', EXIT.failed);
  });
}

/** What Node adds to the errors of the system. */
type SystemError = NodeJS.ErrnoException & { readonly port?: number };

/** What keeps it from starting, and what to do about it. */
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
