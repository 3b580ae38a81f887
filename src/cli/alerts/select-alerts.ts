import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseTimestamp } from '../../audit/timestamp.ts';
import { compileWildcard } from '../../query/match/wildcard.ts';
import { SEVERITIES } from '../../rules/document.ts';
import { parseDuration } from '../../rules/duration.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { CommandError } from '../io.ts';
import { type AlertObject, findAlert, listAlerts } from './alert-object.ts';

/** Flags that select alerts. */
export interface SelectionFlags {
  readonly rule?: string;
  readonly severity?: readonly string[];
  readonly phase?: readonly string[];
  readonly user?: string;
  readonly cluster?: string;
  /** Microseconds. */
  readonly since?: number;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly all?: true;
}

export interface Selection {
  /** Most recently seen first. */
  readonly alerts: readonly AlertObject[];
  /** Given names without an alert. */
  readonly missing: string[];
}

const PHASES = ['Open', 'Acknowledged', 'Closed'] as const;

export function addSelectionFlags(command: Command): Command {
  return command
    .option('--rule <name>', 'alerts of this rule; * matches any text')
    .addOption(
      new Option('--severity <list>', `alerts of these severities: ${SEVERITIES.join(', ')}`).argParser((text) =>
        oneOf(text, SEVERITIES),
      ),
    )
    .addOption(
      new Option('--phase <list>', `alerts in these phases: ${PHASES.join(', ')}`).argParser((text) =>
        oneOf(text, PHASES),
      ),
    )
    .option('--user <name>', 'alerts about requests by this user; * matches any text')
    .option('--cluster <name>', 'alerts of this monitored cluster')
    .option('--since <duration>', 'alerts seen within this duration, such as 30m, 12h or 7d', since)
    .option('-l, --selector <labels>', 'label selector, as in kubectl')
    .option('--field-selector <fields>', 'field selector, as in kubectl, such as spec.severity=high');
}

/**
 * The alerts with these names, or the alerts that the flags select.
 * @throws CommandError if both are given, or a selector is invalid
 */
export async function selectAlerts(
  names: readonly string[],
  flags: SelectionFlags,
  cluster: ClusterClient,
  now: number,
): Promise<Selection> {
  if (names.length > 0) {
    if (isSelective(flags)) throw new CommandError('pass either names or selectors, not both');
    const unique = [...new Set(names.map((name) => name.replace(/^(alerts?|fsa)(\.firstseen\.dev)?\//, '')))];
    const found = await Promise.all(unique.map((name) => findAlert(cluster, name)));
    return {
      alerts: found.filter((alert) => alert !== undefined),
      missing: unique.filter((_name, i) => found[i] === undefined),
    };
  }
  const listed = await listAlerts(cluster, { labels: flags.selector, fields: flags.fieldSelector });
  const isWanted = wanted(flags, now);
  const lastSeen = ({ status, metadata }: AlertObject) => status.lastSeen ?? metadata.creationTimestamp ?? '';
  const alerts = listed.filter(isWanted).toSorted((a, b) => (lastSeen(a) < lastSeen(b) ? 1 : -1));
  return { alerts, missing: [] };
}

/** True if any flag selects alerts, `--all` included. */
export function isSelective(flags: SelectionFlags): boolean {
  const { rule, severity, phase, user, cluster, since, selector, fieldSelector, all } = flags;
  return [rule, severity, phase, user, cluster, since, selector, fieldSelector, all].some((flag) => flag !== undefined);
}

function wanted(flags: SelectionFlags, now: number): (alert: AlertObject) => boolean {
  const ruleIs = matcher(flags.rule);
  const userIs = matcher(flags.user);
  const earliest = flags.since === undefined ? Number.NEGATIVE_INFINITY : now - flags.since;
  return ({ spec, status, metadata }) =>
    ruleIs(spec.rule.name) &&
    (userIs(spec.actor.user ?? '') || userIs(spec.display.user ?? '')) &&
    (flags.cluster === undefined || flags.cluster === spec.cluster) &&
    (flags.severity === undefined || flags.severity.includes(spec.severity)) &&
    (flags.phase === undefined || flags.phase.includes(status.phase)) &&
    (parseTimestamp(status.lastSeen ?? metadata.creationTimestamp ?? '') ?? now) >= earliest;
}

function matcher(wildcard: string | undefined): (text: string) => boolean {
  return wildcard === undefined ? () => true : compileWildcard(wildcard.split('*'));
}

function oneOf<T extends string>(text: string, known: readonly T[]): readonly T[] {
  return text.split(',').map((word) => {
    const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(`Expected a comma-separated list of ${known.join(', ')}.`);
    return found;
  });
}

function since(text: string): number {
  const micros = parseDuration(text);
  if (micros === undefined) throw new InvalidArgumentError('Expected a duration such as 30m, 12h or 7d.');
  return micros;
}
