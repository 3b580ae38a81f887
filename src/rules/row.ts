/** One event of a group, as remembered by a rule that evaluates several events together. */
export interface Row {
  /** The event's identity: a hash. */
  readonly key: string;
  /** When it happened (µs). */
  readonly at: number;
  /** Its arrival order among the rows of its group, which orders rows of the same time. */
  readonly order: number;
  /** What an alert shows as evidence. */
  readonly auditID: string;
  readonly requestKey: string;
  /** The request in a few words, for the reason of a sequence's alert; else empty. */
  readonly label: string;
  /** The numbers of the items that it matches; empty for a rule without items. */
  readonly items: readonly number[];
  /** The values of the rule's `rowFields`, in their order; each text bounded. */
  readonly columns: readonly (readonly string[])[];
  /**
   * True once an alert is recorded that it caused: in a threshold as one of the counted events, in a sequence as the
   * last.
   */
  readonly used: boolean;
}

/** What an event adds to a group, before its place there is known. */
export interface NewRow extends Pick<Row, 'items' | 'columns'> {
  /** Names the group: a hash. */
  readonly group: string;
}

/** Rows that a full group has dropped: the number, and the time range (µs). */
export interface LetGo {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** The stored form under the row's key: a list, to save space. */
type StoredRow = [
  at: number,
  order: number,
  auditID: string,
  requestKey: string,
  label: string,
  items: readonly number[],
  columns: readonly (readonly string[])[],
  used: 0 | 1,
];

export function encodeRow({ at, order, auditID, requestKey, label, items, columns, used }: Row): string {
  return JSON.stringify([at, order, auditID, requestKey, label, items, columns, used ? 1 : 0] satisfies StoredRow);
}

export function decodeRow(key: string, text: string): Row {
  const [at, order, auditID, requestKey, label, items, columns, used] = JSON.parse(text) as StoredRow;
  return { key, at, order, auditID, requestKey, label, items, columns, used: used === 1 };
}

/** Orders rows by time. */
export function byTime(a: Row, b: Row): number {
  return a.at - b.at || a.order - b.order;
}

export function encodeLetGo({ count, from, to }: LetGo): string {
  return JSON.stringify([count, from, to]);
}

export function decodeLetGo(text: string): LetGo {
  const [count, from, to] = JSON.parse(text) as [count: number, from: number, to: number];
  return { count, from, to };
}
