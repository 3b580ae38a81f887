import type { AuditEvent, DecodedEvent } from './event.ts';
import { CONNECTS, isDryRun, WRITES } from './identity.ts';
import { decodeParameter } from './request-uri.ts';

/** Whether the API server did what was asked: `unknown` is an error that can also be the answer to what was done. */
export type CarriedOut = 'yes' | 'no' | 'unknown';

/** What the event says of the answer; `''` is nothing. */
interface Answer {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/**
 * Whether a request was carried out. The code alone does not say: a write can be stored and its answer fail after that, and who
 * writes can bring this about. What can follow a stored write was found out on a kube-apiserver 1.36.3; docs/carried-out.md has it all, and
 * test/e2e/carried-out.test.ts does it again.
 *
 * A read is carried out if it was answered with data, so its errors are `no`.
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

/** What is passed on is answered by a pod, a service or a node: with any code, and never with a reason. */
function mayHaveReachedBackend({ code, reason, message }: Answer): boolean {
  return reason === '' || (code === 503 && !message.startsWith('error trying to reach service: dial '));
}

/** An admission webhook that denies chooses the code and the reason, and what follows this beginning of the message. */
const DENIED = 'admission webhook "';

/** The errors that were seen after a write was stored. */
function isAnswerOfStored(event: AuditEvent, { code, reason, message }: Answer, truncated: boolean): boolean {
  if (message.startsWith(DENIED)) return false;
  switch (code) {
    case 400: // a Table was asked for whose rows nobody knows
      return (
        message.startsWith('Unable to convert to Table as requested') ||
        (reason === '' && (truncated || hasOddRows(event.requestURI ?? '')))
      );
    case 406: // a list was asked for, and there is one object, or the other way round
      return !message.startsWith('only the following media types are accepted');
    case 500: // what was stored cannot be converted for the answer; or the store did not answer in time
      return reason === '' && message !== 'http: invalid Read on closed Body';
    case 503: // the server of an aggregated API did not answer, or the client did not wait for it
      return reason === '';
    case 504: // the API server has stopped waiting for the store
      return true;
    default:
      return false;
  }
}

/** Objects are deleted one by one, up to the first that cannot be: some may be gone. */
function mayHaveStoppedHalfway({ code, reason, message }: Answer): boolean {
  if (message.startsWith(DENIED)) return true;
  if (code === 400) return reason !== 'BadRequest';
  if (code === 422) return !/^(?:Delete|List)Options\./.test(message);
  return code === 403 || code === 409 || code === 500;
}

/** What `includeObject` may say of the rows of a Table. */
const ROWS: ReadonlySet<string | undefined> = new Set(['', 'None', 'Metadata', 'Object']);

/**
 * True if the query names other rows of a Table. What cannot be decoded counts: the API server takes bytes that are no text.
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
