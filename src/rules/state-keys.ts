/**
 * The logical names of everything remembered about one cluster. A store adds its own prefix. `memoryKey` is the hash of
 * what a rule's memory depends on (`memoryIdentity`), so it never contains hostile text.
 */
export const stateKeys = {
  /** Set: counted events, by the hour in which the request was received. */
  done: (hour: number) => `done:${hour}`,
  /** Sorted set: term → last sighting (µs). */
  terms: (memoryKey: string) => `terms:${memoryKey}`,
  /** Hash: term learned without an alert → when and by which request. */
  silent: (memoryKey: string) => `silent:${memoryKey}`,
  /** Hash: event key → row of a group (see `row.ts`); `LET_GO` → what a full group has dropped. */
  rows: (memoryKey: string, group: string) => `rows:${memoryKey}:${group}`,
  /** Sorted set: group → when its last event was (µs). */
  groups: (memoryKey: string) => `groups:${memoryKey}`,
  /** Hash: see `ruleFields`. */
  rule: (memoryKey: string) => `rule:${memoryKey}`,
  /** Hash: see `exceptionFields`. */
  exceptions: 'exceptions',
  /** Hash: suppression key → id of the alert that takes repeats. */
  live: 'live',
  /** Hash: spec, state, ver; and what each sink delivered. */
  alert: (id: string) => `alert:${id}`,
  /** Sorted set: alert id → when it was opened (µs). */
  alerts: 'alerts',
  /** Sorted set: alert id → when it was opened (µs), of the last hour: the total budget. */
  opens: 'opens',
  /** The same for one rule: its budget. */
  opensOf: (rule: string) => `opens:${rule}`,
  /** Sorted set: id of an overflow alert in progress → when it last counted (µs). */
  overflows: 'overflows',
  /** Sorted set: alert id → not before (ms, store's clock). */
  due: (sink: string) => `due:${sink}`,
  /** Hash: alert id → why its delivery was abandoned. */
  dead: (sink: string) => `dead:${sink}`,
  /** Sorted set: uid of a replica's pod → when it was last refreshed (µs). */
  pods: 'pods',
  /** Hash: hwm, the latest time that any event of the cluster has reached (µs). */
  cluster: 'cluster',
  /** Sorted set: heartbeats under way → when each was sent (µs). */
  heartbeat: 'heartbeat',
  /** Sorted set: changes of rules that firstseen makes itself → when each was announced (µs). */
  changes: 'changes',
  /** Hash: name of a rule → its last valid version, in the first cluster's partition. */
  rules: 'rules',
} as const;

/**
 * The fields of `rule:…`. Their names in the store never change, so that state outlives renamings: matches that joined
 * an open alert are `suppressed` there, and attached everywhere else.
 */
export const ruleFields = {
  /** When the rule began to learn (µs). */
  since: 'since',
  matches: 'matches',
  /** Alerts opened. */
  alerts: 'alerts',
  /** Matches that joined an open alert. */
  attached: 'suppressed',
  /** Matches over the budget. */
  overflowed: 'overflowed',
  /** Terms or groups dropped to make room. */
  evicted: 'evicted',
  /** Rows that a full group has dropped. */
  letGo: 'letGo',
  /** When the last match was (µs). */
  lastMatch: 'last',
} as const;

/**
 * The fields of `exceptions`, for each RuleException by uid. Their names in the store never change either: `suppressed`
 * means excepted.
 */
export const exceptionFields = {
  /** The number of matches that it excluded. */
  excepted: (uid: string) => `${uid}/suppressed`,
  /** The time of the last one (µs). */
  lastUsed: (uid: string) => `${uid}/last`,
} as const;

/** The field of `rows:…` that is not a row: hashes are longer. */
export const LET_GO = '-';

const WRITE_ORDER = [
  'alert',
  'alerts',
  'live',
  'opens',
  'overflows',
  'due',
  'terms',
  'silent',
  'rows',
  'groups',
  'rule',
  'done',
  'cluster',
  'rules',
];

/**
 * The position of a key in the order of writes: first the alert and its references, then what was learned from it, then
 * counts. So nothing is learned without a recorded alert, even if a commit is interrupted.
 */
export function writeRank(key: string): number {
  return WRITE_ORDER.indexOf(key.split(':', 1)[0] ?? '');
}
