/** Every fault of the environment: what happened, and whether a retry can help. */
export const OPERATIONAL_ERRORS = {
  store_unavailable: { retryable: true, doc: 'The store did not answer in time or refused the connection.' },
  store_full: { retryable: true, doc: 'The store is out of memory or disk and refuses writes.' },
  store_misconfigured: {
    retryable: false,
    doc: 'The store does not work as configured: wrong path, login or version, or less durable than required.',
  },
  store_newer: {
    retryable: true,
    doc: 'A newer firstseen wrote the state, and this version does not touch it. During an upgrade a retry reaches a newer replica; after a rollback, run the newer version again.',
  },
  store_conflict: { retryable: true, doc: 'Other replicas kept changing the state of the same cluster.' },
  api_unavailable: {
    retryable: true,
    doc: 'The Kubernetes API server did not answer in time, answered 401, 403, 409, 429 or 5xx, or does not serve the kind.',
  },
  api_rejected: {
    retryable: false,
    doc: 'The Kubernetes API server rejected the object; a retry cannot help.',
  },
  sink_unavailable: { retryable: true, doc: 'A sink could not deliver an alert.' },
  sink_rejected: { retryable: false, doc: 'A sink rejected an alert; a retry cannot help.' },
} as const;

export type OperationalErrorCode = keyof typeof OPERATIONAL_ERRORS;

/**
 * A fault of the environment. The intake reports it to the source, so that the batch is sent again; a delivery is
 * retried later; periodic work logs it once (`LastingFault`); a command prints it. Code that can go on without uses
 * `onFault`.
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
 * For `catch`, where work can go on without the result.
 * @param instead the result in case of a fault
 * @returns a handler that rethrows anything but an OperationalError, because that is a bug
 */
export function onFault<T>(instead: (fault: OperationalError) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof OperationalError) return instead(error);
    throw error;
  };
}
