import { Command, CommanderError } from 'commander';
import { AuditInputError } from '../ingest/audit-input.ts';
import { alertsCommand } from './alerts/alerts.ts';
import { auditPolicyCommand } from './audit-policy.ts';
import { backfillCommand } from './backfill.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { exceptCommand } from './except/except.ts';
import { explainCommand } from './explain/explain.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { queryCommand } from './query/query.ts';
import { replayCommand } from './replay/replay.ts';
import { rulesCommand } from './rules/rules.ts';
import { serveCommand } from './serve.ts';
import { termsCommand } from './terms/terms.ts';
import { webhookConfigCommand } from './webhook-config.ts';

const EXIT_HELP = `
Exit codes: 0 done; 1 a problem was found (an invalid rule, a failed test, an event that does not match); 2 usage error, or
firstseen cannot start; 3 no errors, but warnings or skipped checks (doctor), or rules that cannot run here (rules check).
Exit codes of query, as in grep: 0 found; 1 nothing found; 2 error.`;

/** Runs a command line. @returns the exit code */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  const program = new Command('firstseen')
    .description('Detects what is new or wrong in the Kubernetes audit log, inline.')
    .version(io.version)
    .addHelpText('after', EXIT_HELP);
  const commands = [
    serveCommand,
    alertsCommand,
    exceptCommand,
    queryCommand,
    replayCommand,
    explainCommand,
    backfillCommand,
    termsCommand,
    rulesCommand,
    auditPolicyCommand,
    webhookConfigCommand,
    doctorCommand,
  ];
  for (const command of commands) program.addCommand(command(io));
  configureAll(program, io);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = error instanceof AuditInputError ? new CommandError(error.message, EXIT.failed) : error;
    if (!(failure instanceof CommandError)) throw failure;
    if (failure.message !== '') io.err(`${failure.message}\n`);
    return failure.exitCode;
  }
}

/** Commander does not pass these settings on to subcommands. */
function configureAll(command: Command, io: Io): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(see --help)')
    .showSuggestionAfterError();
  for (const child of command.commands) configureAll(child, io);
}
