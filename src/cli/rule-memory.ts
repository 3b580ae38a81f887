import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { AlertQueue } from '../alerts/queue.ts';
import type { Store } from '../alerts/store.ts';
import { startExceptions } from '../app/start-exceptions.ts';
import { startRules } from '../app/start-rules.ts';
import type { Config } from '../config/schema.ts';
import { createDetector, type Detector } from '../detect/detector.ts';
import { createRedactor } from '../ecs/redactor.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { createKubernetesClient } from '../kubernetes/client.ts';
import { readOwnIdentity } from '../kubernetes/own-identity.ts';
import { nearest } from '../query/nearest.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { describeValue } from '../rules/document-problem.ts';
import { openState } from '../state/open-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';

/** The terms that new_terms rules know in one cluster. */
export interface RuleMemory {
  readonly store: Store;
  readonly cluster: string;
  /** The new_terms rules in force there, by name. */
  readonly rules: readonly CompiledRule[];
  /** A detector with only these rules. */
  readonly detector: Detector;
}

export interface MemoryFlags extends Record<string, unknown> {
  readonly cluster?: string;
}

/** Adds `--cluster` and the flags for state and rules. */
export function addMemoryFlags(command: Command): Command {
  command.option('--cluster <name>', 'monitored cluster (required if receiver.clusters has several)');
  return addConfigFlags(command, ['--state', '--rules', '--kubeconfig', '--kubernetes']);
}

/**
 * Runs `work` on the state of the configuration, with the rules and exceptions that the server would run: from files
 * and from the cluster.
 *
 * @param mayCreate whether to create a missing state file
 * @throws CommandError if the state does not exist or does not answer
 */
export async function withRuleMemory(
  flags: MemoryFlags,
  io: Io,
  mayCreate: boolean,
  work: (memory: RuleMemory) => Promise<void>,
): Promise<void> {
  const config = configOf(flags, io);
  const cluster = clusterOf(config, flags.cluster);
  const { state } = config;
  if (!mayCreate && state.kind === 'sqlite' && state.path !== ':memory:' && !existsSync(state.path)) {
    throw new CommandError(
      `no state file ${describeValue(state.path)}\n  hint: pass the state of the server with --config or --state`,
    );
  }
  let store: (Store & AlertQueue) | undefined;
  try {
    store = await openState(state, { update() {}, conflict() {} });
    const { rules, detector } = await newTermsRules(config, store, io);
    await work({ store, cluster, rules, detector });
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    throw new CommandError(error.message);
  } finally {
    await store?.close();
  }
}

/** The rules with these names, or all. @throws CommandError if no new_terms rule has a name */
export function rulesNamed(names: readonly string[], { rules }: RuleMemory): readonly CompiledRule[] {
  return names.length === 0 ? rules : names.map((name) => ruleNamed(name, rules));
}

export function ruleNamed(name: string, rules: readonly CompiledRule[]): CompiledRule {
  const found = rules.find(({ document }) => document.name === name || document.id === name);
  if (found !== undefined) return found;
  const names = rules.map(({ document }) => document.name);
  const near = nearest(name, names);
  const hint =
    near === undefined ? `in force: ${names.join(', ') || 'none; see firstseen rules list'}` : `did you mean ${near}?`;
  throw new CommandError(`no new_terms rule in force is named ${describeValue(name)}\n  hint: ${hint}`);
}

function clusterOf({ receiver: { clusters } }: Config, name: string | undefined): string {
  const names = clusters.map((cluster) => cluster.name);
  const [only] = names;
  if (name === undefined) {
    if (only !== undefined && names.length === 1) return only;
    throw new CommandError(`several clusters are configured; pass --cluster with one of ${names.join(', ')}`);
  }
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  const hint = near === undefined ? `receiver.clusters has ${names.join(', ')}` : `did you mean ${near}?`;
  throw new CommandError(`no cluster is named ${describeValue(name)}\n  hint: ${hint}`);
}

async function newTermsRules(config: Config, store: Store, io: Io) {
  const access = { ...config.kubernetes, env: io.env };
  const client = access.enabled ? await createKubernetesClient({ ...access, version: io.version }) : undefined;
  const clusters = config.receiver.clusters.map(({ name }) => name);
  const logger = notesTo(io);
  const stops: (() => Promise<void>)[] = [];
  try {
    const identity = client === undefined ? undefined : await readOwnIdentity(access);
    const rulesDeps = { logger, metrics: createMetrics(), clusters, store, client, own: undefined };
    const { live, stop } = await startRules(config, { ...rulesDeps, wrap: (detector) => detector });
    stops.push(stop);
    // Rules do not learn from excepted events.
    const exceptions = await startExceptions(config, { logger, store, clusters, rules: live, client, identity });
    stops.push(exceptions.stop);
    const rules = live
      .entries()
      .flatMap(({ inForce }) => (inForce?.rule.document.newTerms === undefined ? [] : [inForce.rule]));
    if (rules.length === 0)
      throw new CommandError('no new_terms rule is in force; `firstseen rules list` prints the rules', EXIT.failed);
    return { rules, detector: createDetector(rules, live.slots, sha256Hashes, createRedactor(config.redaction)) };
  } finally {
    for (const stop of stops.reverse()) await stop();
    client?.close();
  }
}

/** The warnings that the server logs at its start, without those on single rules, which `rules check` prints. */
function notesTo(io: Io): Logger {
  const note = (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (fields?.problem === undefined) io.err(`note: ${message}\n`);
  };
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger };
  return logger;
}
