/** The protocol's constants, in one place. Durations are integer microseconds unless the name says otherwise. */
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How late an event may arrive: the API server retries a batch for up to about four minutes. */
export const LATENESS = 5 * MINUTE;

/** How long counted events are remembered after the last write, in milliseconds of the store's clock. */
export const DONE_KEEP_MS = 3_600_000;
/** The same for a request first seen at RequestReceived or ResponseStarted: an exec or a watch ends late. */
export const DONE_KEEP_STARTED_MS = 24 * 3_600_000;

/** The most combinations of array values from one event of a new_terms rule; the rest is one overflow decision. */
export const COMBINATION_CAP = 100;

/** The most terms of a rule on one cluster; the oldest sighting is dropped first. */
export const TERM_CAP = 100_000;

/** The most events of a group of a threshold or a sequence on one cluster; the oldest is dropped first. */
export const ROW_CAP = 1_000;
/** The most groups of such a rule on one cluster; the longest inactive group is dropped first. */
export const GROUP_CAP = 10_000;
/** The most values of one field that a row keeps; the last ones stay. */
export const ROW_VALUE_CAP = 32;
/**
 * The default for the longest time between the first and last event of a sequence; Elastic's rules look back as far.
 */
export const DEFAULT_SPAN = 6 * MINUTE;
/** The most events in a sequence, counting each of `runs`. */
export const SEQUENCE_STEP_CAP = 256;

/**
 * The most alerts opened per hour over all rules of a cluster; building blocks and rules of high and critical severity
 * are exempt.
 */
export const TOTAL_ALERTS_PER_HOUR = 200;

/** Longer terms (in UTF-8 bytes) are kept as their hash. */
export const TERM_MAX_BYTES = 128;

/** Evidence kept on an alert: the first and the last this many. */
export const EVIDENCE_EDGE = 4;

/** How long an overflow alert must be quiet before the rule counts as within its budget again. */
export const OVERFLOW_QUIET = 5 * MINUTE;

/** Samples kept on an overflow alert. */
export const OVERFLOW_SAMPLES = 20;
