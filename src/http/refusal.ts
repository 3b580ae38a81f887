/** Every reason to refuse a request without reading its body, with the answer to the sender. */
export const REFUSALS = {
  unauthenticated: {
    status: 401,
    error: 'no valid credential',
    hint: 'send a client certificate of the configured CA, or the bearer token of a cluster',
  },
  forbidden: {
    status: 403,
    error: 'the credential does not belong to this cluster',
    hint: 'add the certificate name (clientNames) or the token to the cluster in the configuration of firstseen',
  },
  not_found: { status: 404, error: 'no such path', hint: 'POST to /audit or /audit/<cluster>' },
  unknown_cluster: { status: 404, error: 'no such cluster', hint: 'use the name of a configured cluster' },
  no_default_cluster: {
    status: 404,
    error: 'there is no default cluster',
    hint: 'POST to /audit/<cluster>, or mark one cluster as default',
  },
  method: { status: 405, error: 'only POST is allowed here', hint: 'POST an audit.k8s.io/v1 EventList' },
  request_timeout: { status: 408, error: 'the request did not arrive in time', hint: 'send it again' },
  length_required: {
    status: 411,
    error: 'Content-Length is required',
    hint: 'send the body with its length, not chunked',
  },
  too_large: {
    status: 413,
    error: 'the batch is too large',
    hint: 'set --audit-webhook-batch-max-size=100 and --audit-webhook-truncate-enabled on the API server',
  },
  content_type: {
    status: 415,
    error: 'the body must be JSON',
    hint: 'send Content-Type: application/json',
  },
  content_encoding: {
    status: 415,
    error: 'a compressed body is not accepted',
    hint: 'send the body without Content-Encoding',
  },
  header_overflow: { status: 431, error: 'the path or the headers are too long', hint: 'shorten them' },
  malformed: { status: 400, error: 'the request is not valid HTTP', hint: 'send an HTTP/1.1 request' },
  in_flight: { status: 503, error: 'too many bytes in flight', hint: 'send it again later' },
  cluster_in_flight: { status: 503, error: 'too many bytes in flight from this cluster', hint: 'send it again later' },
} as const satisfies Record<string, { readonly status: number; readonly error: string; readonly hint: string }>;

export type RefusalReason = keyof typeof REFUSALS;

/** Thrown while handling a request, and caught by the error handler. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly status: number;
  readonly hint: string;
  /** For the log only; never sent. */
  readonly detail: string | undefined;

  constructor(reason: RefusalReason, more: { readonly hint?: string; readonly detail?: string } = {}) {
    super(REFUSALS[reason].error);
    this.name = 'Refusal';
    this.reason = reason;
    this.status = REFUSALS[reason].status;
    this.hint = more.hint ?? REFUSALS[reason].hint;
    this.detail = more.detail;
  }
}
