/** One event of a group, as far as a rule that judges several events together remembers it. */
export interface Row {
  /** The event's identity: a hash. */
  readonly key: string;
  /** When it happened (µs). */
  readonly at: number;
  /** Its place among the rows of its group by arrival, which decides between rows of the same time. */
  readonly order: number;
  /** What an alert shows of it as evidence. */
  readonly auditID: string;
  readonly requestKey: string;
  /** The request in a few words, for the reason of a sequence's alert; else empty. */
  readonly label: string;
  /** Which items of the rule it matches, by number; of a rule without items: none. */
  readonly items: readonly number[];
  /** The values of the rule's `rowFields`, in their order; each text bounded. */
  readonly columns: readonly (readonly string[])[];
  /** True once an alert is recorded that stands on it: of a threshold as one of those counted, of a sequence as the last. */
  readonly used: boolean;
}

/** What an event adds to a group, before it is known where it stands there. */
export interface NewRow extends Pick<Row, 'items' | 'columns'> {
  /** Names the group: a hash. */
  readonly group: string;
}

/** Rows that a group has let go because it was full: how many, and from when to when (µs). */
export interface LetGo {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** As it is kept, under the row's key: a list, because there are many. */
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

/** The order in which rows happened. */
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
