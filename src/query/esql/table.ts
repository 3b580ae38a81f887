import type { Problem } from '../problem.ts';
import type { DataType } from './data-type.ts';
import type { Value } from './value.ts';

/** A column of a table: its type, and how it is read of a document. */
export interface TableColumn<Document> {
  readonly type: DataType;
  /** Pure, never throws. The values are of the form that `Scalar` says for the type. */
  readonly read: (document: Document) => Value;
}

export type KqlCondition<Document> =
  | { readonly kind: 'ok'; readonly holds: (document: Document) => boolean }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What FROM reads: documents of one shape. */
export interface Table<Document> {
  /** The names that `*` stands for, in the order of a result. */
  readonly names: readonly string[];
  /** A column by its name, also one that is not listed; undefined if there can be none. */
  readonly column: (name: string) => TableColumn<Document> | undefined;
  /** What METADATA can ask for. */
  readonly metadata: (name: string) => TableColumn<Document> | undefined;
  /** The name that was most likely meant by one that is unknown. */
  readonly suggest: (name: string) => string | undefined;
  /** A condition in Kibana's query language. */
  readonly kql: (query: string) => KqlCondition<Document>;
}
