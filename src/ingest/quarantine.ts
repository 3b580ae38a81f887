/** Something that was set aside: an item that is no audit event, or a rule that failed on an event. Never with a body. */
export interface Quarantined {
  /** RFC 3339. */
  readonly time: string;
  readonly cluster: string;
  readonly reason: string;
  readonly rule?: string;
  readonly auditID?: string;
  readonly verb?: string;
  readonly requestPath?: string;
}

/** The last few things that were set aside, for a look. */
export interface Quarantine {
  add(item: Omit<Quarantined, 'time'>): void;
  /** The latest first. */
  items(): readonly Quarantined[];
}

const KEPT = 50;

export function createQuarantine(now: () => Date = () => new Date()): Quarantine {
  const items: Quarantined[] = [];
  return {
    add(item) {
      items.unshift({ time: now().toISOString(), ...item });
      items.length = Math.min(items.length, KEPT);
    },
    items: () => [...items],
  };
}
