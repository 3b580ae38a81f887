import type { AuditEvent, DecodedEvent } from './event.ts';
import { CONNECTS, isDryRun, WRITES } from './identity.ts';
import { decodeParameter } from './request-uri.ts';

/**
 * Whether the API server did what was asked. `unknown`: an error that the API server can also return after it stored
 * the change.
 */
export type CarriedOut = 'yes' | 'no' | 'unknown';

/** The answer as the event records it; `''` where the event has no value. */
interface Answer {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/**
 * Whether a request was carried out. The status code alone cannot tell: a write can be stored and its answer fail
 * afterwards, and the client can provoke this. The errors that can follow a stored write were measured on
 * kube-apiserver 1.36.3: docs/carried-out.md lists them, and test/e2e/carried-out.test.ts repeats the measurement.
 *
 * A read is carried out if it returned data, so its errors are `no`.
 */
export function carriedOut({ event, truncated }: Pick<DecodedEvent, 'event' | 'truncated'>): CarriedOut {
  const code = event.responseStatus?.code ?? 0;
  if (event.stage === 'RequestReceived' || code === 0 || isDryRun(event)) return 'no';
  if (code < 400) return 'yes';
  if (code === 401 || event.annotations?.['authorization.k8s.io/decision'] === 'forbid') return 'no';
  if (event.stage === 'Panic') return 'unknown';
  const answer = { code, reason: event.responseStatus?.reason ?? '', message: event.responseStatus?.message ?? '' };
  return mayBeDone(event, answer, truncated) ? 'unknown' : 'no';
}

function mayBeDone(event: AuditEvent, answer: Answer, truncated: boolean): boolean {
  const subresource = event.objectRef?.subresource ?? '';
  if (subresource === 'proxy') return mayHaveReachedBackend(answer);
  if (!WRITES.has(event.verb ?? '') || CONNECTS.has(subresource)) return false;
  if (isAnswerOfStored(event, answer, truncated)) return true;
  return event.verb === 'deletecollection' && mayHaveStoppedHalfway(answer);
}

/** A proxied request is answered by a pod, a service or a node: with any code, and never with a reason. */
function mayHaveReachedBackend({ code, reason, message }: Answer): boolean {
  return reason === '' || (code === 503 && !message.startsWith('error trying to reach service: dial '));
}

/** An admission webhook that denies a request chooses code and reason. Its message always begins with this text. */
const DENIED = 'admission webhook "';

/** Errors that were observed after a write was stored. */
function isAnswerOfStored(event: AuditEvent, { code, reason, message }: Answer, truncated: boolean): boolean {
  if (message.startsWith(DENIED)) return false;
  switch (code) {
    case 400: // a Table with an unknown row policy was requested
      return (
        message.startsWith('Unable to convert to Table as requested') ||
        (reason === '' && (truncated || hasOddRows(event.requestURI ?? '')))
      );
    case 406: // a list was requested for a single object, or the other way round
      return !message.startsWith('only the following media types are accepted');
    case 500: // the stored object cannot be converted for the answer, or the store did not answer in time
      return reason === '' && message !== 'http: invalid Read on closed Body';
    case 503: // an aggregated API server did not answer, or the client did not wait for it
      return reason === '';
    case 504: // the API server stopped waiting for the store
      return true;
    default:
      return false;
  }
}

/** A collection is deleted one object at a time and stops at the first failure: some objects may be gone. */
function mayHaveStoppedHalfway({ code, reason, message }: Answer): boolean {
  if (message.startsWith(DENIED)) return true;
  if (code === 400) return reason !== 'BadRequest';
  if (code === 422) return !/^(?:Delete|List)Options\./.test(message);
  return code === 403 || code === 409 || code === 500;
}

/** Values that the API server accepts for `includeObject`. */
const ROWS: ReadonlySet<string | undefined> = new Set(['', 'None', 'Metadata', 'Object']);

/**
 * True if the query has an invalid `includeObject`. A value that cannot be decoded is invalid too, because the API
 * server reads raw bytes.
 * @see k8s.io/apimachinery/pkg/apis/meta/v1beta1/validation `ValidateTableOptions`
 */
function hasOddRows(uri: string): boolean {
  const start = uri.indexOf('?');
  if (start < 0) return false;
  return uri
    .slice(start + 1)
    .split('&')
    .some((parameter) => {
      const [name = ''] = parameter.split('=', 1);
      const value = parameter.slice(name.length + 1);
      return decodeParameter(name) === 'includeObject' && !ROWS.has(decodeParameter(value));
    });
}
