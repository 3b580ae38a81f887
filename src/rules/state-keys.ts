/**
 * The logical names of everything that is remembered about one cluster. A store puts its own prefix before them.
 * `memoryKey` is the hash of what a rule's memory depends on (`memoryIdentity`), so that it never contains hostile text.
 */
export const stateKeys = {
  /** Set: what was already counted, by the hour in which the request was received. */
  done: (hour: number) => `done:${hour}`,
  /** Sorted set: term → last sighting (µs). */
  terms: (memoryKey: string) => `terms:${memoryKey}`,
  /** Hash: term learned without an alert → when and by which request. */
  silent: (memoryKey: string) => `silent:${memoryKey}`,
  /** Hash: event key → row of a group (see `row.ts`); and under `LET_GO` what a full group has let go. */
  rows: (memoryKey: string, group: string) => `rows:${memoryKey}:${group}`,
  /** Sorted set: group → when its last event was (µs). */
  groups: (memoryKey: string) => `groups:${memoryKey}`,
  /** Hash: since, matches, alerts, suppressed, overflowed, evicted, letGo; last, when the last match was (µs). */
  rule: (memoryKey: string) => `rule:${memoryKey}`,
  /** Hash: of each RuleException by its uid, `<uid>/suppressed` how many matches it silenced, `<uid>/last` the time of the latest (µs). */
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
  /** Sorted set: id of an overflow alert that has not ended → when it last counted (µs). */
  overflows: 'overflows',
  /** Sorted set: alert id → not before (ms, store's clock). */
  due: (sink: string) => `due:${sink}`,
  /** Hash: alert id → why its delivery was given up. */
  dead: (sink: string) => `dead:${sink}`,
  /** Sorted set: uid of a replica's pod → when it was last refreshed (µs). */
  pods: 'pods',
  /** Hash: hwm, the latest time that any event of the cluster has reached (µs). */
  cluster: 'cluster',
  /** Sorted set: heartbeats under way → when each was sent (µs). */
  heartbeat: 'heartbeat',
  /** Sorted set: changes of rules that firstseen makes itself → when each was announced (µs). */
  changes: 'changes',
  /** Hash: name of a rule → its last sound version, in the first cluster's partition. */
  rules: 'rules',
} as const;

/** The field of `rows:…` that is no row: no hash is as short. */
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
 * Where a key stands in the order of writes: the alert and what leads to it, then what was learned from it, then what was
 * counted. So nothing is learned whose alert is not recorded, even where a commit should break off.
 */
export function writeRank(key: string): number {
  return WRITE_ORDER.indexOf(key.split(':', 1)[0] ?? '');
}
