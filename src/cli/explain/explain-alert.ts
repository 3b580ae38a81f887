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

/** Why an alert was raised and what to do next, as JSON prints it. `formatAlertExplanation` makes the text. */
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
  /** The condition with the values of the opening event, if a given log has that event. */
  readonly event?: EventExplanation;
  /** Only for new_terms rules. */
  readonly terms?: KnownTerms;
  /** Requests of the same user or address at that time, and the evidence. Only with a log. */
  readonly around?: { readonly events: readonly NearEvent[]; readonly more: number };
  /** Missing inputs and how to supply them, in sentences. */
  readonly notes: readonly string[];
  readonly next: readonly NextCommand[];
}

export interface NearEvent {
  readonly time: string;
  /** True for evidence of the alert, which holds the first and the last four requests. */
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
  /** Undefined without a configured state. */
  readonly state: StateOptions | undefined;
  readonly logs: readonly string[];
  /** The time before and after the alert to read from the logs, in microseconds. */
  readonly spanMicros: number;
}

/** @throws CommandError if the alert does not exist */
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
  // A user with rights on alerts may lack them on rules; then rule files still help.
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
      ...(refusal === undefined ? [] : [`The rule in the cluster: ${refusal}.`]),
      ...(rule === undefined && refusal === undefined
        ? ['The rule is neither in the cluster nor in --rules. It may have been deleted.']
        : []),
      ...(rule !== undefined && compiled === undefined && rule.from !== 'the program'
        ? ['The current version of the rule does not compile. `firstseen rules check` says why.']
        : []),
      ...(isNewTerms && state === undefined ? ['Pass --config FILE or --state to see the terms known before.'] : []),
      ...(found !== undefined && event === undefined
        ? ['The log lacks the request that opened the alert. Pass older files as well.']
        : []),
      ...(logs.length === 0
        ? ['Pass --log FILE, an audit log, to see each condition with its values and the requests around the alert.']
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
