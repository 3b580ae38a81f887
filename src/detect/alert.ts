import type { Severity, Threat } from '../rules/document.ts';

/**
 * The immutable part of an alert, as in the resource's `spec`. Strings are bounded but not yet sanitised for display.
 */
export interface AlertSpec {
  readonly rule: {
    readonly name: string;
    readonly title: string;
    readonly type: string;
    readonly version?: string;
    /** The rule_id of an imported rule. */
    readonly id?: string;
  };
  readonly severity: Severity;
  /** 0 to 100. */
  readonly riskScore: number;
  readonly reason: string;
  readonly newTerms?: readonly FieldAndValue[];
  /** Values that the events of an alert share, if its rule judges several together. */
  readonly groupBy?: readonly FieldAndValue[];
  /** Counts of these events: `count`, and `cardinality(<field>)`. */
  readonly results?: readonly FieldAndValue[];
  readonly threat?: readonly Threat[];
  readonly request: AlertRequest;
  readonly actor: AlertActor;
  readonly cluster: string;
  readonly overflow: boolean;
  /** True if the alert only feeds other rules; only sinks that ask for it get it. */
  readonly buildingBlock?: true;
  readonly display: AlertDisplay;
}

export interface FieldAndValue {
  readonly field: string;
  readonly value: string;
}

export interface AlertRequest {
  /** RFC 3339 with microseconds, as in the event. */
  readonly time: string;
  readonly auditID?: string;
  readonly stage?: string;
  readonly verb?: string;
  readonly uri?: string;
  readonly resource?: string;
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly subresource?: string;
  readonly code?: number;
  readonly decision?: string;
  readonly dryRun: boolean;
  readonly truncated: boolean;
}

export interface AlertActor {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly impersonated?: string;
  /** The last hop, the only address that the client cannot choose. */
  readonly sourceIP?: string;
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
}

/** Short, sanitised text for the columns of `kubectl get alerts`. */
export interface AlertDisplay {
  readonly user: string;
  readonly action: string;
  readonly object: string;
  readonly source: string;
  readonly newTerm: string;
}

export type AlertPhase = 'Open' | 'Acknowledged' | 'Closed';

/**
 * Who changed an alert, according to the resource and the audit log. Times are integer microseconds since the epoch.
 */
export interface AlertReview {
  /** The latest changes of phase seen on the resource, in order. */
  readonly changes: readonly PhaseChange[];
  /** Requests in the audit log that wrote the status and may explain a change, in order of time. */
  readonly writes: readonly StatusWrite[];
}

export interface PhaseChange {
  readonly phase: AlertPhase;
  readonly seenAt: number;
  /** Time and users of the request that made it; several users if the audit log leaves the author open. */
  readonly at?: number;
  readonly by?: readonly string[];
}

export interface StatusWrite {
  readonly at: number;
  readonly user: string;
  /** Absent if the audit policy records no bodies. */
  readonly phase?: AlertPhase;
  /** True if the answer was an error, so that it may not have been carried out. */
  readonly doubtful?: true;
}

export interface AlertEvidence {
  /** RFC 3339 with microseconds. */
  readonly time: string;
  readonly auditID: string;
  readonly requestKey: string;
}

/** The mutable part of an alert, stored as one JSON text. Times are integer microseconds since the epoch. */
export interface AlertState {
  readonly phase: AlertPhase;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Start of the suppression window: the time of the event that opened it. It ends at `openedAt + windowMicros`. */
  readonly openedAt: number;
  readonly windowMicros: number;
  /** The first 4 and the last 4. */
  readonly evidence: readonly AlertEvidence[];
  /** The field in the hash `live` that points here, so that ending the alert can delete it. */
  readonly suppressionKey: string;
  /** Only on an overflow alert: short texts of the first few decisions that it counted. */
  readonly samples?: readonly string[];
  readonly review?: AlertReview;
  /** Only on an overflow alert. */
  readonly overflow?: OverflowState;
  /** True if its rule was a building block when the alert opened; later changes of the rule do not matter. */
  readonly buildingBlock?: true;
  /** True once retention has dropped it: sinks with copies remove theirs, then the record goes. */
  readonly removed: boolean;
}

/** When a rule exceeded its budget, and whose requests did. Times are integer microseconds since the epoch. */
export interface OverflowState {
  /** When it was last within its budget before. */
  readonly since: number;
  /** When the last decision was counted; absent while the overflow lasts. */
  readonly endedAt?: number;
  readonly users: Tally;
  /** Addresses of the last hop. */
  readonly sources: Tally;
}

/** Counters by name: the count, and how much of it may belong to names that had the counter before. */
export type Tally = readonly (readonly [name: string, count: number, excess: number])[];

/** An alert as stored. */
export interface AlertRecord {
  readonly id: string;
  readonly cluster: string;
  /** Increases with each change of `state`; (id, version) is a sink's idempotency key. */
  readonly version: number;
  readonly spec: AlertSpec;
  readonly state: AlertState;
}
