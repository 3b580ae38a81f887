/** The protocol's constants, in one place. Durations are integer microseconds unless the name says otherwise. */
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How late an event may arrive: the API server retries a batch for up to about four minutes. */
export const LATENESS = 5 * MINUTE;

/** How long what was counted is remembered after the last write, in milliseconds of the store's clock. */
export const DONE_KEEP_MS = 3_600_000;
/** The same for a request first seen when it was received or its response started: an exec or a watch ends late. */
export const DONE_KEEP_STARTED_MS = 24 * 3_600_000;

/** The most combinations of array values that one event gives a new_terms rule; what is beyond is one overflow decision. */
export const COMBINATION_CAP = 100;

/** The most terms that a rule holds for one cluster; the oldest sighting goes first. */
export const TERM_CAP = 100_000;

/** The most events that a group of a threshold or a sequence holds for one cluster; the oldest goes first. */
export const ROW_CAP = 1_000;
/** The most groups of such a rule for one cluster; the one that was longest without an event goes first. */
export const GROUP_CAP = 10_000;
/** The most values of one field that a row keeps; the last ones stay. */
export const ROW_VALUE_CAP = 32;
/** How far apart the first and the last event of a sequence may be that does not say; Elastic's rules look back as far. */
export const DEFAULT_SPAN = 6 * MINUTE;
/** The most events that a sequence may consist of, those of `runs` counted singly. */
export const SEQUENCE_STEP_CAP = 256;

/**
 * The most alerts opened in any hour over all rules of a cluster; binds neither building blocks nor rules of high and
 * critical severity.
 */
export const TOTAL_ALERTS_PER_HOUR = 200;

/** A term's text above this many UTF-8 bytes is kept as its hash. */
export const TERM_MAX_BYTES = 128;

/** Evidence kept on an alert: the first and the last this many. */
export const EVIDENCE_EDGE = 4;

/** How long an overflow alert counts nothing before the rule is said to be within its budget again. */
export const OVERFLOW_QUIET = 5 * MINUTE;

/** Samples kept on an overflow alert. */
export const OVERFLOW_SAMPLES = 20;
