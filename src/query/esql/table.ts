import type { Problem } from '../problem.ts';
import type { DataType } from './data-type.ts';
import type { Value } from './value.ts';

/** A column of a table: its type and how to read it from a document. */
export interface TableColumn<Document> {
  readonly type: DataType;
  /** Pure, never throws. Values have the representation of their type, see `Scalar`. */
  readonly read: (document: Document) => Value;
}

export type KqlCondition<Document> =
  | { readonly kind: 'ok'; readonly holds: (document: Document) => boolean }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** The input of FROM: documents of one shape. */
export interface Table<Document> {
  /** The names that `*` covers, in result order. */
  readonly names: readonly string[];
  /** A column by name, including unlisted ones; undefined if there is none. */
  readonly column: (name: string) => TableColumn<Document> | undefined;
  /** The fields that METADATA accepts. */
  readonly metadata: (name: string) => TableColumn<Document> | undefined;
  /** The name that was most likely meant by an unknown one. */
  readonly suggest: (name: string) => string | undefined;
  /** A condition in Kibana's query language. */
  readonly kql: (query: string) => KqlCondition<Document>;
}
