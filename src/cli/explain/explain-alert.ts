import type { DecodedEvent } from '../../audit/event.ts';
import { lastHop } from '../../audit/identity.ts';
import { formatTimestamp } from '../../audit/timestamp.ts';
import type { StateOptions } from '../../state/options.ts';
import { type AlertObject, findAlert } from '../alerts/alert-object.ts';
import { noSuchAlert } from '../alerts/change-phase.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { CommandError, type Io } from '../io.ts';
import { eventsAround } from './events-around.ts';
import { type EventExplanation, explainEvent } from './explain-event.ts';
import { type KnownTerms, knownTerms } from './known-terms.ts';
import { type NextCommand, nextCommands } from './next-commands.ts';
import { ruleOfAlert } from './rule-of-alert.ts';

/** Why an alert was raised, and what comes next: for people as `formatAlertExplanation` prints it, and for programs as it is. */
export interface AlertExplanation {
  readonly alert: AlertObject;
  readonly rule?: {
    readonly from: string;
    readonly title: string;
    readonly description: string;
    readonly language: string;
    readonly query: string;
    readonly falsePositives: readonly string[];
    readonly triage: string;
    readonly references: readonly string[];
  };
  /** The condition with the values of the event that opened the alert: if a log was given, and has it. */
  readonly event?: EventExplanation;
  /** Only of a rule that looks for new terms. */
  readonly terms?: KnownTerms;
  /** What the same user, or the same address, did at that time, and the evidence. Only if a log was given. */
  readonly around?: { readonly events: readonly NearEvent[]; readonly more: number };
  /** What could not be looked at, and how to have it looked at; in sentences. */
  readonly notes: readonly string[];
  readonly next: readonly NextCommand[];
}

export interface NearEvent {
  readonly time: string;
  /** True if it counts on the alert: as evidence only the first and the last four are known. */
  readonly isEvidence: boolean;
  readonly user: string;
  readonly verb: string;
  readonly uri: string;
  readonly code: number | undefined;
  readonly sourceIP: string;
  readonly userAgent: string;
}

export interface ExplainSources {
  readonly cluster: ClusterClient;
  readonly rulePaths: readonly string[];
  /** Undefined where no configuration says where it is. */
  readonly state: StateOptions | undefined;
  readonly logs: readonly string[];
  /** How much of the logs before and after is of interest, in microseconds. */
  readonly spanMicros: number;
}

/** @throws CommandError if there is no such alert */
export async function explainAlert(name: string, sources: ExplainSources, io: Io): Promise<AlertExplanation> {
  const { cluster, rulePaths, state, logs, spanMicros } = sources;
  const alert = await findAlert(cluster, name);
  if (alert === undefined) throw noSuchAlert([name]);
  let refusal: string | undefined;
  const find: ClusterClient['find'] = (call) =>
    cluster.find(call).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      refusal = error.message.split('\n', 1)[0];
      return undefined;
    });
  // Who may look at alerts may not always look at rules; then there are still the files.
  const rule = await ruleOfAlert(alert.spec.rule.name, { ...cluster, find }, rulePaths);
  const found = logs.length === 0 ? undefined : await eventsAround(logs, alert, spanMicros, io);
  const compiled = rule?.compiled;
  const isNewTerms = (alert.spec.newTerms ?? []).length > 0;
  const terms =
    isNewTerms && compiled !== undefined && state !== undefined
      ? await knownTerms(alert, compiled.rule, state)
      : undefined;
  const event = found?.event;
  return {
    alert,
    ...(rule && { rule: { ...textsOf(rule.document), from: rule.from } }),
    ...(event && compiled && { event: explainEvent(compiled.rule, event, compiled.slots) }),
    ...(terms && { terms }),
    ...(found && {
      around: { events: found.around.map((each) => nearEvent(each, found.evidence.has(each))), more: found.more },
    }),
    notes: [
      ...(refusal === undefined ? [] : [`The rule of the cluster: ${refusal}.`]),
      ...(rule === undefined && refusal === undefined
        ? ['The rule is not in the cluster, and in no file of --rules: it may have been deleted since.']
        : []),
      ...(rule !== undefined && compiled === undefined && rule.from !== 'the program'
        ? ['The rule does not compile as it is now: firstseen rules check says why.']
        : []),
      ...(isNewTerms && state === undefined
        ? ['What was known before stands in the state: --config FILE, or --state, says where that is.']
        : []),
      ...(found !== undefined && event === undefined
        ? ['The log does not have the request that opened the alert: it may stand in an older file.']
        : []),
      ...(logs.length === 0
        ? [
            'With --log FILE, an audit log, each statement of the condition is shown with its values, and what happened around it.',
          ]
        : []),
    ],
    next: nextCommands(alert),
  };
}

function textsOf({
  title,
  description,
  language,
  query,
  falsePositives,
  triage,
  references,
}: Omit<NonNullable<AlertExplanation['rule']>, 'from'>): Omit<NonNullable<AlertExplanation['rule']>, 'from'> {
  return { title, description, language, query, falsePositives, triage, references };
}

function nearEvent({ event, at }: DecodedEvent, isEvidence: boolean): NearEvent {
  return {
    time: formatTimestamp(at),
    isEvidence,
    user: event.user?.username ?? '',
    verb: event.verb ?? '',
    uri: event.requestURI ?? '',
    code: event.responseStatus?.code,
    sourceIP: lastHop(event) ?? '',
    userAgent: event.userAgent ?? '',
  };
}
