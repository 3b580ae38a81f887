export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const RULE_TYPES = ['query', 'new_terms', 'threshold', 'eql', 'esql'] as const;
export type RuleType = (typeof RULE_TYPES)[number];

export const QUERY_LANGUAGES = ['kuery', 'eql', 'esql'] as const;
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number];

/** The languages for a condition on one event. */
export const CONDITION_LANGUAGES = ['kuery', 'eql'] as const;
export type ConditionLanguage = (typeof CONDITION_LANGUAGES)[number];

/** MITRE ATT&CK: one tactic with at most one technique. */
export interface Threat {
  readonly tactic: { readonly id: string; readonly name: string };
  readonly technique?: { readonly id: string; readonly name: string };
}

/**
 * A rule as written, from any format, with validated shape and defaults filled in; its query is still text. Durations
 * are integer microseconds, times integer microseconds since the epoch.
 */
export interface RuleDocument {
  /** Unique; a DNS-1123 subdomain of at most 200 characters. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly version?: string;
  /** The rule_id of an imported rule. */
  readonly id?: string;
  readonly type: RuleType;
  readonly language: QueryLanguage;
  readonly query: string;
  /** Present if and only if `type` is `new_terms`. */
  readonly newTerms?: NewTermsDocument;
  /** Present if and only if `type` is `threshold`. */
  readonly threshold?: ThresholdDocument;
  /**
   * How far a rule looks back: for type `eql` if its sequence has no `maxspan`, for type `esql` if its query has STATS.
   */
  readonly windowMicros?: number;
  /** Whether the events of a sequence must come in order. */
  readonly sequenceOrder: 'time' | 'any';
  readonly severity: Severity;
  /** 0 to 100. */
  readonly riskScore: number;
  /** The highest severity among those that apply to the event; if none applies, `severity`. */
  readonly severityMapping: readonly SeverityMappingDocument[];
  /** The first that applies to the event; if none applies, `riskScore`. */
  readonly riskScoreMapping: readonly RiskScoreMappingDocument[];
  /** A field whose value becomes the title of the alert, if the event has one. */
  readonly ruleNameOverride?: string;
  /** The reason on the alert, with `{field}` for values of the event. Absent: user, verb and object. */
  readonly reason?: string;
  /** True for a rule whose alerts feed other rules: they are recorded and logged but not shown to people. */
  readonly buildingBlock: boolean;
  /** Absent: the default of the rule's type. */
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
  /** Field name → the form in which its values are remembered (see `canonical-form.ts`). Absent: unchanged. */
  readonly normalize?: Readonly<Record<string, string>>;
  /** How long the rule only learns after it first runs on a cluster. 0: not at all. */
  readonly learningMicros: number;
}

export interface ThresholdDocument {
  /** 0 to 5 field names; without any, all matches are one group. */
  readonly fields: readonly string[];
  /** The number of matches in a group that fires. */
  readonly value: number;
  /** The number of distinct values of a field that must be reached too. */
  readonly cardinality: readonly { readonly field: string; readonly value: number }[];
  readonly windowMicros: number;
}

export interface SeverityMappingDocument {
  readonly field: string;
  readonly value: string;
  readonly severity: Severity;
}

export interface RiskScoreMappingDocument {
  readonly field: string;
  /** Absent: any value. */
  readonly value?: string;
  /** Absent: the value of the field is the score. */
  readonly riskScore?: number;
}

export interface SuppressionDocument {
  /** Empty: the default of the rule's type. */
  readonly by: readonly string[];
  readonly windowMicros: number;
  readonly missingFields: 'suppress' | 'doNotSuppress';
}

/** Events that its query and all its lists match are excluded from the rule. */
export interface ExceptionDocument {
  /** The name of its RuleException resource; absent for an exception inside a rule. */
  readonly name?: string;
  /** The uid of that resource: a new resource with the same name is another exception. */
  readonly uid?: string;
  readonly query: string;
  readonly language: ConditionLanguage;
  readonly reason: string;
  /** The monitored clusters that it applies to; absent: all. */
  readonly clusters?: readonly string[];
  /** When it starts to apply; absent: from the beginning. */
  readonly startsAt?: number;
  readonly expiresAt?: number;
  readonly lists?: readonly ValueListDocument[];
}

/** A separate exception, for rules that it names or that have one of its tags. */
export interface RuleExceptionDocument extends ExceptionDocument {
  readonly name: string;
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  readonly author?: string;
}

export const VALUE_LIST_TYPES = ['keyword', 'ip', 'ip_range', 'text', 'wildcard'] as const;
export type ValueListType = (typeof VALUE_LIST_TYPES)[number];

/** Matches if some value of the field is in the list; with `excluded`, if none is. A list may be long. */
export interface ValueListDocument {
  readonly field: string;
  /**
   * How values compare: `keyword` exactly; `text` in any letter case; `wildcard` as patterns with `*` for any text and
   * `?` for one character; `ip` and `ip_range` as addresses, prefixes (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`).
   * On address fields, values always compare as addresses.
   */
  readonly type: ValueListType;
  readonly values: readonly string[];
  readonly excluded: boolean;
}

/** An inline test: raw audit events, and the expected result of the last one (`match`: the query selects it). */
export interface RuleTestDocument {
  readonly name: string;
  readonly events: readonly unknown[];
  readonly expect: 'match' | 'fire' | 'silent';
}
