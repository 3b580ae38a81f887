export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const RULE_TYPES = ['query', 'new_terms'] as const;
export type RuleType = (typeof RULE_TYPES)[number];

/** MITRE ATT&CK, one tactic with at most one technique. */
export interface Threat {
  readonly tactic: { readonly id: string; readonly name: string };
  readonly technique?: { readonly id: string; readonly name: string };
}

/**
 * A rule as a person wrote it, from any format, validated in shape and with defaults filled in; its query is still text.
 * Durations are integer microseconds, times integer microseconds since the epoch.
 */
export interface RuleDocument {
  /** Unique; a DNS-1123 subdomain of at most 200 characters. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly version?: string;
  /** The rule_id that an imported rule brought with it. */
  readonly id?: string;
  readonly type: RuleType;
  readonly language: 'kuery';
  readonly query: string;
  /** Present if and only if `type` is `new_terms`. */
  readonly newTerms?: NewTermsDocument;
  readonly severity: Severity;
  /** 0 to 100. */
  readonly riskScore: number;
  /** Absent: the default of the rule's type (state-keeping, see the kind). */
  readonly suppression?: SuppressionDocument;
  readonly budget: { readonly alertsPerHour: number };
  readonly exceptions: readonly ExceptionDocument[];
  readonly threat: readonly Threat[];
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  readonly triage: string;
  readonly tags: readonly string[];
  readonly tests: readonly RuleTestDocument[];
}

export interface NewTermsDocument {
  /** 1 to 3 field names. */
  readonly fields: readonly string[];
  readonly windowMicros: number;
  /** How long the rule only learns, from when it first runs on a cluster. 0: not at all. */
  readonly learningMicros: number;
}

export interface SuppressionDocument {
  readonly by: readonly string[];
  readonly windowMicros: number;
  readonly missingFields: 'suppress' | 'doNotSuppress';
}

export interface ExceptionDocument {
  readonly query: string;
  readonly reason: string;
  readonly expiresAt?: number;
}

/** An inline test: raw audit events, and what the last of them is expected to do (`match`: the query selects it). */
export interface RuleTestDocument {
  readonly name: string;
  readonly events: readonly unknown[];
  readonly expect: 'match' | 'fire' | 'silent';
}
