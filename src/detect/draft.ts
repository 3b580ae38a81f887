import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { isDryRun, lastHop } from '../audit/identity.ts';
import { pathOf } from '../audit/request-uri.ts';
import { cutBytes, excerpt } from '../audit/text.ts';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { Fire } from '../rules/compiled-rule.ts';
import type { LetGo, Row } from '../rules/row.ts';
import type { SilentTerm } from '../rules/silent-term.ts';
import type { AlertActor, AlertDisplay, AlertEvidence, AlertRequest, AlertSpec } from './alert.ts';
import type { Sighting } from './alert-book.ts';
import type { Decision } from './decision.ts';

/** Bytes of UTF-8 of a short text in a table column. */
const COLUMN_BYTES = 128;
/** Bytes of UTF-8 of what taught a term; a rule may have 100,000 terms. */
const WHAT_BYTES = 192;
/** Bytes of UTF-8 of any text in an alert; keeps its record below 32 KiB. The Alert resource has tighter bounds. */
const TEXT_BYTES = 512;

/**
 * The alert that a decision opens, with everything that a reader needs to understand it.
 * @param fired the events it completes, if events are judged together, and what its group had to drop
 */
export function draftAlert(cluster: string, decision: Decision, fired?: Fired): AlertSpec {
  const { rule, occurrence } = decision;
  const display = displayOf(decision);
  const what = rule.says === undefined ? describeEvent(decision) : rule.says(decision.event) + doubtOf(decision);
  const reason = rule.kind.reason(rule, occurrence, what, fired?.fire);
  const terms = occurrence.terms.map(({ field, value }) => ({ field, value: cut(value) }));
  return {
    ...specOf(cluster, decision, display),
    reason: cut(fired?.letGo === undefined ? reason : `${describeLetGo(fired.letGo)}; ${reason}`),
    ...(terms.length === 0 ? {} : occurrence.term === undefined ? { groupBy: terms } : { newTerms: terms }),
    ...(fired === undefined ? {} : { results: fired.fire.results }),
    overflow: false,
  };
}

/** A fire as its alert describes it. */
export interface Fired {
  readonly fire: Fire;
  readonly letGo: LetGo | undefined;
}

function describeLetGo({ count, from, to }: LetGo): string {
  return `too many events to keep, ${count} from ${formatTimestamp(from)} to ${formatTimestamp(to)} are left out`;
}

/** The overflow alert, which counts a rule's openings while its budget, or the cluster's, is used up. */
export function draftOverflowAlert(cluster: string, decision: Decision): AlertSpec {
  const { title, budget } = decision.rule.document;
  const display = displayOf(decision);
  // It counts many decisions: values that the first one takes from its event do not apply to the others.
  const { overrides: _, ...plain } = decision;
  return {
    ...specOf(cluster, plain, display),
    reason: cut(
      `${title}: more than ${budget.alertsPerHour} alerts in an hour, or too many of all rules together; this alert counts the rest`,
    ),
    overflow: true,
  };
}

/** A sample of a decision that an overflow alert counts. */
export function sampleOf(decision: Decision): string {
  const { user, action, object, newTerm } = displayOf(decision);
  return cutBytes(
    newTerm === '' ? `${user} ${action} ${object}` : `${user} ${action} ${object}: ${newTerm}`,
    COLUMN_BYTES,
  );
}

/** A term learned without an alert, with its first sighting for review. */
export function silentTermOf(decision: Decision, by: SilentTerm['by']): SilentTerm {
  const { event, requestKey, occurrence } = decision;
  const values = occurrence.terms.map(({ value }) => value);
  return {
    at: event.at,
    request: requestKey,
    what: cutBytes(describeEvent(decision), WHAT_BYTES),
    by,
    ...(occurrence.term !== JSON.stringify(values) && { values: values.map(column) }),
  };
}

/** The single event of a decision, as evidence. */
export function sightingOf({ event: { event, at }, requestKey, identity }: Decision): Sighting {
  return { identity, from: at, at, evidence: [evidenceOf(at, event.auditID ?? '', requestKey)] };
}

/** The events of a fire, as evidence. */
export function sightingOfFire({ rows }: Fire): Sighting {
  const last = rows.at(-1);
  const at = last?.at ?? 0;
  return { identity: last?.key ?? '', from: rows[0]?.at ?? at, at, evidence: evidenceOfRows(rows) };
}

export function evidenceOfRows(rows: readonly Row[]): readonly AlertEvidence[] {
  return rows.map((row) => evidenceOf(row.at, row.auditID, row.requestKey));
}

function evidenceOf(at: number, auditID: string, requestKey: string): AlertEvidence {
  return { time: formatTimestamp(at), auditID: cut(auditID), requestKey };
}

function specOf(cluster: string, decision: Decision, display: AlertDisplay): Omit<AlertSpec, 'reason' | 'overflow'> {
  const { document } = decision.rule;
  const { severity, riskScore, title } = decision.overrides ?? {};
  return {
    rule: {
      name: document.name,
      title: cut(title ?? document.title),
      type: document.type,
      ...optional('version', document.version),
      ...optional('id', document.id),
    },
    severity: severity ?? document.severity,
    riskScore: riskScore ?? document.riskScore,
    ...(document.buildingBlock && { buildingBlock: true as const }),
    ...(document.threat.length === 0 ? {} : { threat: document.threat }),
    request: requestOf(decision.event),
    actor: actorOf(decision.event.event),
    cluster,
    display,
  };
}

function requestOf({ event, at, truncated }: DecodedEvent): AlertRequest {
  const { objectRef } = event;
  return {
    time: formatTimestamp(at),
    ...optional('auditID', event.auditID),
    ...optional('stage', event.stage),
    ...optional('verb', event.verb),
    ...optional('uri', event.requestURI),
    ...optional('resource', objectRef?.resource),
    ...optional('apiGroup', objectRef?.apiGroup),
    ...optional('apiVersion', objectRef?.apiVersion),
    ...optional('namespace', objectRef?.namespace),
    ...optional('name', objectRef?.name),
    ...optional('uid', objectRef?.uid),
    ...optional('subresource', objectRef?.subresource),
    ...(isStatusCode(event.responseStatus?.code) ? { code: event.responseStatus.code } : {}),
    ...optional('decision', decisionOf(event)),
    dryRun: isDryRun(event),
    truncated,
  };
}

function isStatusCode(code: number | undefined): code is number {
  return code !== undefined && Number.isInteger(code) && code >= 0 && code < 1_000;
}

function actorOf(event: AuditEvent): AlertActor {
  return {
    ...optional('user', event.user?.username),
    ...(event.user?.groups === undefined ? {} : { groups: event.user.groups.slice(0, 16).map(cut) }),
    ...optional('impersonated', event.impersonatedUser?.username),
    ...optional('sourceIP', lastHop(event)),
    ...(event.sourceIPs === undefined ? {} : { sourceIPs: event.sourceIPs.slice(-8).map(cut) }),
    ...optional('userAgent', event.userAgent),
  };
}

function displayOf({ event: { event }, occurrence }: Decision): AlertDisplay {
  const newTerm = occurrence.term === undefined ? '' : column(occurrence.terms.map(({ value }) => value).join(', '));
  return { ...displayEvent(event), newTerm };
}

/** An event in table columns: short, and safe to display. */
export function displayEvent(event: AuditEvent): Omit<AlertDisplay, 'newTerm'> {
  const { user, impersonatedUser, objectRef, requestURI } = event;
  const name = user?.username || 'unauthenticated';
  const resource = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');
  const object = [objectRef?.namespace, objectRef?.name].filter(Boolean).join('/');
  return {
    user: column(impersonatedUser?.username ? `${name} as ${impersonatedUser.username}` : name),
    action: column([event.verb, resource].filter(Boolean).join(' ')),
    object: column(objectRef === undefined ? pathOf(requestURI ?? '') : object),
    source: column(lastHop(event) ?? ''),
  };
}

const DECISION_WORDS: ReadonlyMap<string, string> = new Map([
  ['allow', ', allowed'],
  ['forbid', ', forbidden'],
]);

/** The request of a decision in a few words. */
export function describeEvent(decision: Decision): string {
  return describeRequest(decision.event.event, displayOf(decision)) + doubtOf(decision);
}

/** What is to be said of an error that can follow a stored write. */
function doubtOf({ carriedOut, event: { event } }: Decision): string {
  return carriedOut === 'unknown' ? ` (error ${event.responseStatus?.code}, may have been carried out)` : '';
}

/** For example `system:anonymous list pods in default, allowed`. */
function describeRequest(event: AuditEvent, { user, action, object }: AlertDisplay): string {
  const { objectRef } = event;
  const where = objectRef?.name ? object : objectRef?.namespace ? `in ${objectRef.namespace}` : object;
  const decision = DECISION_WORDS.get(decisionOf(event) ?? '') ?? '';
  return `${[user, action, where].filter((word) => word !== '').join(' ')}${decision}${isDryRun(event) ? ' (dry run)' : ''}`;
}

function decisionOf(event: AuditEvent): string | undefined {
  return event.annotations?.['authorization.k8s.io/decision'];
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: cut(value) } as { [P in K]: string });
}

function cut(text: string): string {
  return excerpt(text, TEXT_BYTES);
}

function column(text: string): string {
  return excerpt(text, COLUMN_BYTES);
}
