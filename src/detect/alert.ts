import type { Severity, Threat } from '../rules/document.ts';

/** The immutable part of an Alert, as it stands in the resource's `spec`. Strings are bounded but not yet sanitised for display. */
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
  /** What the events of an alert have in common, where its rule judges several together. */
  readonly groupBy?: readonly FieldAndValue[];
  /** What was counted of them: `count`, and `cardinality(<field>)`. */
  readonly results?: readonly FieldAndValue[];
  readonly threat?: readonly Threat[];
  readonly request: AlertRequest;
  readonly actor: AlertActor;
  readonly cluster: string;
  readonly overflow: boolean;
  /** True for material of other alerts, which only the sinks get that ask for it. */
  readonly buildingBlock?: true;
  readonly display: AlertDisplay;
}

export interface FieldAndValue {
  readonly field: string;
  readonly value: string;
}

export interface AlertRequest {
  /** RFC 3339 with microseconds, as the event says it. */
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
  /** The last hop, the only address that the client does not choose. */
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

/** What people did to an alert, as far as the resource and the audit log tell. Times are integer microseconds since the epoch. */
export interface AlertReview {
  /** The changes of phase that were seen on the resource, in their order: the last few. */
  readonly changes: readonly PhaseChange[];
  /** Requests that wrote the status, from the audit log, in the order of time: those that may explain a change. */
  readonly writes: readonly StatusWrite[];
}

export interface PhaseChange {
  readonly phase: AlertPhase;
  readonly seenAt: number;
  /** When the request was that made it, and by whom: several users where the audit log leaves that open. */
  readonly at?: number;
  readonly by?: readonly string[];
}

export interface StatusWrite {
  readonly at: number;
  readonly user: string;
  /** Absent where the audit policy records no bodies. */
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

/** The part of an alert that changes; kept in the store as one JSON text. Times are integer microseconds since the epoch. */
export interface AlertState {
  readonly phase: AlertPhase;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When the suppression window began: the opener's time. It ends at `openedAt + windowMicros`. */
  readonly openedAt: number;
  readonly windowMicros: number;
  /** The first 4 and the last 4. */
  readonly evidence: readonly AlertEvidence[];
  /** The hash field in `live` that points here, so that ending the alert can clear it. */
  readonly suppressionKey: string;
  /** Of an overflow alert only: short texts of the first few decisions that it counted. */
  readonly samples?: readonly string[];
  readonly review?: AlertReview;
  /** Of an overflow alert only. */
  readonly overflow?: OverflowState;
  /** True if its rule was a building block when it opened: it stays one, whatever becomes of the rule. */
  readonly buildingBlock?: true;
  /** True once retention has dropped it: the sinks that hold a copy remove it, then the record goes. */
  readonly removed: boolean;
}

/** From when to when a rule was over its budget, and by whose requests. Times are integer microseconds since the epoch. */
export interface OverflowState {
  /** When it was last within its budget before. */
  readonly since: number;
  /** When the last was counted; absent while it goes on. */
  readonly endedAt?: number;
  readonly users: Tally;
  /** Addresses of the last hop. */
  readonly sources: Tally;
}

/** Counters of names: how often, and how much of that may be of other names that had the counter before. */
export type Tally = readonly (readonly [name: string, count: number, excess: number])[];

/** One alert as the store holds it. */
export interface AlertRecord {
  readonly id: string;
  readonly cluster: string;
  /** Grows by one with every change of `state`; (id, version) is a sink's idempotency key. */
  readonly version: number;
  readonly spec: AlertSpec;
  readonly state: AlertState;
}
