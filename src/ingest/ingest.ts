/** What became of one batch. An operational fault is not an outcome: it is thrown, and the sender is asked to come again. */
export type IngestOutcome =
  /** Everything that the batch caused is committed. */
  | { readonly kind: 'accepted'; readonly events: number; readonly quarantined: number }
  /** The body as a whole is unusable, and sending it again cannot help. `message` says what was expected. */
  | { readonly kind: 'rejected'; readonly reason: 'not_json' | 'not_event_list'; readonly message: string };

export interface Ingest {
  /**
   * Evaluates one POST body of the API server, start to finish.
   * @throws OperationalError (retryable) if what the batch caused could not be committed
   */
  ingest(cluster: string, body: Buffer): Promise<IngestOutcome>;
}
