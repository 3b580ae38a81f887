import { hash } from 'node:crypto';

/**
 * Something that was set aside: an item that is no audit event, or a rule that failed on an event. It is shown without a credential, so
 * it has no text of a request in it; the log has more.
 */
export interface Quarantined {
  /** RFC 3339. */
  readonly time: string;
  readonly cluster: string;
  /** What was wrong, and where; words of the program. */
  readonly reason: string;
  readonly rule?: string;
  /** Tells the event to those who have the audit log: the client may choose an audit ID. The first 16 hexadecimal digits of its SHA-256. */
  readonly auditIDHash?: string;
}

/** The last few quarantined items. */
export interface Quarantine {
  add(item: Omit<Quarantined, 'time' | 'auditIDHash'> & { readonly auditID?: string | undefined }): void;
  /** The latest first. */
  items(): readonly Quarantined[];
}

const KEPT = 50;
const HASH_DIGITS = 16;

export function createQuarantine(now: () => Date = () => new Date()): Quarantine {
  const items: Quarantined[] = [];
  return {
    add({ auditID, ...item }) {
      const auditIDHash = auditID && hash('sha256', auditID).slice(0, HASH_DIGITS);
      items.unshift({ time: now().toISOString(), ...item, ...(auditIDHash && { auditIDHash }) });
      items.length = Math.min(items.length, KEPT);
    },
    items: () => [...items],
  };
}
