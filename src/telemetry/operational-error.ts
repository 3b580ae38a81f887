/** Faults of the world around us, in one catalogue: what happened, and whether trying again can help. */
export const OPERATIONAL_ERRORS = {
  store_unavailable: { retryable: true, doc: 'The store did not answer in time, or refused the connection.' },
  store_full: { retryable: true, doc: 'The store is out of memory or disk and refuses writes.' },
  store_misconfigured: {
    retryable: false,
    doc: 'The store cannot be used as it is configured: a path, a login, a version, or less durable than demanded.',
  },
  store_newer: {
    retryable: true,
    doc: 'The state was written by a newer firstseen, and this one leaves it alone. During an upgrade the next try reaches a newer replica; after a rollback run the newer version again.',
  },
  store_conflict: { retryable: true, doc: 'Other replicas changed the same cluster again and again.' },
  api_unavailable: {
    retryable: true,
    doc: 'The Kubernetes API server did not answer in time, or answered 401, 403, 409, 429 or 5xx, or does not serve the kind.',
  },
  api_rejected: {
    retryable: false,
    doc: 'The Kubernetes API server refused the object, and trying again cannot help.',
  },
  sink_unavailable: { retryable: true, doc: 'A sink did not take an alert.' },
  sink_rejected: { retryable: false, doc: 'A sink refused an alert, and trying again cannot help.' },
} as const;

export type OperationalErrorCode = keyof typeof OPERATIONAL_ERRORS;

/** An operational fault. Caught in two places: the intake of batches (its source has them sent again) and the reconcile loop (backoff). */
export class OperationalError extends Error {
  readonly code: OperationalErrorCode;
  readonly retryable: boolean;

  constructor(code: OperationalErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OperationalError';
    this.code = code;
    this.retryable = OPERATIONAL_ERRORS[code].retryable;
  }
}
