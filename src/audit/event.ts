/**
 * The audit.k8s.io/v1 Event as it arrives on the wire, after decoding.
 *
 * Every field is optional because no sender is trusted. Decoding guarantees only that the event is within the bounds,
 * that a field has its type or is absent, never null (bodies may hold any JSON), and that strings are well-formed.
 * Field names and meanings are those of k8s.io/apiserver/pkg/apis/audit/v1.
 */
export interface AuditEvent {
  readonly level?: string;
  readonly auditID?: string;
  readonly stage?: string;
  readonly requestURI?: string;
  readonly verb?: string;
  readonly user?: AuditUser;
  readonly impersonatedUser?: AuditUser;
  readonly authenticationMetadata?: { readonly impersonationConstraint?: string };
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: ObjectReference;
  readonly responseStatus?: ResponseStatus;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  /** RFC 3339 with microseconds. */
  readonly requestReceivedTimestamp?: string;
  /** RFC 3339 with microseconds. */
  readonly stageTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ObjectReference {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  readonly subresource?: string;
}

export interface ResponseStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
}

/** An event and what decoding learned about it. */
export interface DecodedEvent {
  readonly event: AuditEvent;
  /** Position in the batch, from 0. Orders events of the same time. */
  readonly ordinal: number;
  /**
   * True if something was removed: the bodies, by the API server or because the event was over one of our bounds, or
   * part of the metadata because it was over a bound without the bodies.
   */
  readonly truncated: boolean;
  /** When the batch was received, in integer microseconds since the epoch. */
  readonly receivedAt: number;
  /**
   * When it happened (stageTimestamp, else requestReceivedTimestamp, else receivedAt), in integer microseconds since
   * the epoch.
   */
  readonly at: number;
  /** True if the event claimed a time more than 10 minutes after its receipt; `at` is then the time of receipt. */
  readonly skewed: boolean;
  /** The labels of the object's namespace when the event was evaluated; absent if unknown. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}
