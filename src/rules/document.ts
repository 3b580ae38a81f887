export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const RULE_TYPES = ['query', 'new_terms', 'threshold', 'eql', 'esql'] as const;
export type RuleType = (typeof RULE_TYPES)[number];

export const QUERY_LANGUAGES = ['kuery', 'eql', 'esql'] as const;
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number];

/** The languages of a condition on one event. */
export const CONDITION_LANGUAGES = ['kuery', 'eql'] as const;
export type ConditionLanguage = (typeof CONDITION_LANGUAGES)[number];

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
  readonly language: QueryLanguage;
  readonly query: string;
  /** Present if and only if `type` is `new_terms`. */
  readonly newTerms?: NewTermsDocument;
  /** Present if and only if `type` is `threshold`. */
  readonly threshold?: ThresholdDocument;
  /** How far a rule looks back: of type `eql`, where its sequence has no `maxspan`; of type `esql`, where its query has STATS. */
  readonly windowMicros?: number;
  /** Whether the events of a sequence have to come in its order. */
  readonly sequenceOrder: 'time' | 'any';
  readonly severity: Severity;
  /** 0 to 100. */
  readonly riskScore: number;
  /** The highest severity of those that apply to the event; none: `severity`. */
  readonly severityMapping: readonly SeverityMappingDocument[];
  /** The first that applies to the event; none: `riskScore`. */
  readonly riskScoreMapping: readonly RiskScoreMappingDocument[];
  /** A field whose value is the title of the alert, where the event has one. */
  readonly ruleNameOverride?: string;
  /** What the alert says happened, with `{field}` for the values of the event. Absent: user, verb and object. */
  readonly reason?: string;
  /** True for a rule whose alerts are material for others: they are recorded and logged, and not shown to people. */
  readonly buildingBlock: boolean;
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
  /** Field name → the form in which its values are remembered (see `canonical-form.ts`). Absent: as they are. */
  readonly normalize?: Readonly<Record<string, string>>;
  /** How long the rule only learns, from when it first runs on a cluster. 0: not at all. */
  readonly learningMicros: number;
}

export interface ThresholdDocument {
  /** 0 to 5 field names; none: all matches are one group. */
  readonly fields: readonly string[];
  /** How many matches of a group it takes. */
  readonly value: number;
  /** How many different values of a field it takes as well. */
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
  /** Absent: the field's own value is the score. */
  readonly riskScore?: number;
}

export interface SuppressionDocument {
  /** Empty: the default of the rule's type. */
  readonly by: readonly string[];
  readonly windowMicros: number;
  readonly missingFields: 'suppress' | 'doNotSuppress';
}

/** What it selects does not match: what its query and all of its lists hold for. */
export interface ExceptionDocument {
  /** Of the RuleException resource that it comes from; absent for one that stands in its rule. */
  readonly name?: string;
  /** Of that resource: another one of the same name is another exception. */
  readonly uid?: string;
  readonly query: string;
  readonly language: ConditionLanguage;
  readonly reason: string;
  /** The monitored clusters that it is for; absent: all. */
  readonly clusters?: readonly string[];
  /** From when on it holds; absent: always has. */
  readonly startsAt?: number;
  readonly expiresAt?: number;
  readonly lists?: readonly ValueListDocument[];
}

/** An exception that stands by itself, for the rules that it names and those that have one of its tags. */
export interface RuleExceptionDocument extends ExceptionDocument {
  readonly name: string;
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  readonly author?: string;
}

export const VALUE_LIST_TYPES = ['keyword', 'ip', 'ip_range', 'text', 'wildcard'] as const;
export type ValueListType = (typeof VALUE_LIST_TYPES)[number];

/** Holds if some value of the field is in the list; with `excluded`, if none is. A list may be long. */
export interface ValueListDocument {
  readonly field: string;
  /**
   * How values are compared: `keyword` exactly; `text` without regard to letter case; `wildcard` as patterns in which `*` stands for
   * any text and `?` for one character; `ip` and `ip_range` as addresses, prefixes (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`).
   * On a field that holds addresses the values are always such.
   */
  readonly type: ValueListType;
  readonly values: readonly string[];
  readonly excluded: boolean;
}

/** An inline test: raw audit events, and what the last of them is expected to do (`match`: the query selects it). */
export interface RuleTestDocument {
  readonly name: string;
  readonly events: readonly unknown[];
  readonly expect: 'match' | 'fire' | 'silent';
}
