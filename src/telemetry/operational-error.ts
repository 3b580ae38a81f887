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

/**
 * A fault of the world. The intake of batches reports it to the source, which has the batch sent again; a delivery is tried
 * again after a pause; periodic work tells it once (`LastingFault`); a command prints it. Code that can do without uses `onFault`.
 */
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

/**
 * For `catch`, where work can go on without what a fault keeps back.
 * @param instead what stands in for it
 * @returns a handler that throws anything but an OperationalError: that is a bug
 */
export function onFault<T>(instead: (fault: OperationalError) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof OperationalError) return instead(error);
    throw error;
  };
}
