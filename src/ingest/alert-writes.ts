import type { AlertLifecycle } from '../alerts/lifecycle.ts';
import { carriedOut } from '../audit/carried-out.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { redactText } from '../audit/redact-text.ts';
import { excerpt } from '../audit/text.ts';
import type { AlertPhase, StatusWrite } from '../detect/alert.ts';

export interface AlertReviewDeps {
  readonly lifecycle: Pick<AlertLifecycle, 'noteWrite'>;
  /**
   * The monitored cluster that holds the Alerts of all clusters. Audit events about alerts in other clusters do not
   * count.
   */
  readonly cluster: string;
  readonly clusters: readonly string[];
}

/** Records on alerts who wrote their status, from the events of a batch. */
export function createAlertReview({ lifecycle, cluster, clusters }: AlertReviewDeps) {
  return async (from: string, events: readonly DecodedEvent[]): Promise<void> => {
    if (from !== cluster) return;
    for (const { id, write } of alertWrites(events)) {
      for (const each of clusters) await lifecycle.noteWrite(each, id, write);
    }
  };
}

/** A request that wrote the status of an Alert. */
export interface AlertWrite {
  /** The name of the Alert; firstseen may not have created it. */
  readonly id: string;
  readonly write: StatusWrite;
}

/** Two such names fit into the message of a condition. */
const USER_BYTES = 64;
const VERBS: ReadonlySet<string | undefined> = new Set(['patch', 'update']);
const PHASES: readonly AlertPhase[] = ['Open', 'Acknowledged', 'Closed'];

/**
 * Who wrote the status of Alerts, as the audit log of the cluster tells in which they stand: requests that were carried out, or
 * may have been, by the user who authenticated. A body that leaves the phase alone is left out; where the audit policy records none, the phase is
 * not known. Pure.
 */
export function alertWrites(events: readonly DecodedEvent[]): readonly AlertWrite[] {
  return events.flatMap((decoded) => {
    const { event, at, skewed } = decoded;
    const id = event.objectRef?.name;
    if (id === undefined || skewed || !isStatusWrite(event)) return [];
    const done = carriedOut(decoded);
    const wanted = requestedPhase(event);
    if (done === 'no' || wanted.kind === 'untouched') return [];
    const write: StatusWrite = {
      at,
      user: userOf(event),
      ...(wanted.kind === 'phase' && { phase: wanted.phase }),
      ...(done === 'unknown' && { doubtful: true }),
    };
    return [{ id, write }];
  });
}

function isStatusWrite({ verb, objectRef }: AuditEvent): boolean {
  return (
    objectRef?.resource === 'alerts' &&
    objectRef.apiGroup === 'firstseen.dev' &&
    objectRef.subresource === 'status' &&
    VERBS.has(verb)
  );
}

function userOf({ user, impersonatedUser }: AuditEvent): string {
  const name = user?.username ?? '';
  const users = impersonatedUser === undefined ? name : `${name} as ${impersonatedUser.username ?? ''}`;
  return excerpt(redactText(users), USER_BYTES);
}

type Requested =
  | { readonly kind: 'phase'; readonly phase: AlertPhase }
  | { readonly kind: 'untouched' }
  | { readonly kind: 'unknown' };

/** The phase that the request sets, if any: by merge patch, JSON patch or the whole object. */
function requestedPhase({ requestObject, responseObject }: AuditEvent): Requested {
  if (requestObject === undefined || requestObject === null) return { kind: 'unknown' };
  if (!isAboutPhase(requestObject)) return { kind: 'untouched' };
  const phase =
    phaseOf(responseObject) ?? (Array.isArray(requestObject) ? patchedPhase(requestObject) : phaseOf(requestObject));
  return phase === undefined ? { kind: 'unknown' } : { kind: 'phase', phase };
}

function isAboutPhase(request: unknown): boolean {
  if (Array.isArray(request)) {
    return request.some((operation: unknown) =>
      ['', '/status', '/status/phase'].includes(text(member(operation, 'path'))),
    );
  }
  const status = member(request, 'status');
  // Removing the whole status sets the phase too.
  return status === null || member(status, 'phase') !== undefined;
}

function patchedPhase(operations: readonly unknown[]): AlertPhase | undefined {
  const last = operations.findLast((operation) => text(member(operation, 'path')) === '/status/phase');
  return PHASES.find((phase) => phase === member(last, 'value'));
}

function phaseOf(object: unknown): AlertPhase | undefined {
  const found = member(member(object, 'status'), 'phase');
  return PHASES.find((phase) => phase === found);
}

function member(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined;
  return (object as Readonly<Record<string, unknown>>)[key];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : 'none';
}
