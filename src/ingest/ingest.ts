/** The outcome of one batch. An operational fault is thrown instead, and the sender retries. */
export type IngestOutcome =
  /** All effects of the batch are committed. */
  | { readonly kind: 'accepted'; readonly events: number; readonly quarantined: number }
  /** The whole body is unusable, and a retry cannot help. `message` says what was expected. */
  | { readonly kind: 'rejected'; readonly reason: 'not_json' | 'not_event_list'; readonly message: string };

export interface Ingest {
  /**
   * Evaluates one POST body of the API server.
   * @throws OperationalError (retryable) if the effects of the batch could not be committed
   */
  ingest(cluster: string, body: Buffer): Promise<IngestOutcome>;
}
