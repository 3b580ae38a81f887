import type { DecodedEvent } from '../../audit/event.ts';
import type { Field, FieldValue, FieldValues } from '../../ecs/field.ts';
import { addressKey } from '../values/address.ts';
import { kqlCondition } from './kql-condition.ts';
import { INTEGER_RANGE } from './parse-literal.ts';
import type { Table, TableColumn } from './table.ts';
import { compareScalars, fromList, type Scalar, type Value } from './value.ts';

/** Resolves the names in a query. */
export interface EventFields {
  /** The fields that `*` covers. */
  readonly listed: readonly Field[];
  /** The field of a name, including unlisted ones; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by an unknown one. */
  readonly suggestField: (name: string) => string | undefined;
}

/** The index that holds the documents of Elastic's integration. */
const INDEX = 'logs-kubernetes.audit_logs-default';

/**
 * Audit events as a table with the types of the field table. Every resolvable name is a column, null on events without
 * it. Values are sorted, as Elasticsearch stores them.
 */
export function createEventTable({ listed, resolveField, suggestField }: EventFields): Table<DecodedEvent> {
  return {
    names: listed.map(({ name }) => name).sort(),
    column: (name) => {
      const field = resolveField(name);
      return field === undefined ? undefined : toColumn(field);
    },
    metadata,
    suggest: suggestField,
    kql: (query) => kqlCondition(query, { resolveField, suggestField }),
  };
}

function metadata(name: string): TableColumn<DecodedEvent> | undefined {
  switch (name) {
    case '_id':
      return { type: 'keyword', read: ({ event }) => event.auditID ?? null };
    case '_index':
      return { type: 'keyword', read: () => INDEX };
    case '_version':
      return { type: 'long', read: () => 1n };
    default:
      return undefined;
  }
}

function toColumn({ type, read }: Field): TableColumn<DecodedEvent> {
  const turn = TURNS[type];
  return { type, read: (event) => toValue(read(event), turn, type) };
}

type Turn = (value: FieldValue) => Scalar | undefined;

/** A field value in the representation of its query type; undefined if it does not fit. */
const TURNS: Readonly<Record<Field['type'], Turn>> = {
  keyword: String,
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  ip: (value) => addressKey(String(value)),
  integer: (value) =>
    typeof value === 'number' && value >= INTEGER_RANGE.least && value <= INTEGER_RANGE.most
      ? Math.trunc(value)
      : undefined,
  // Fields have microseconds, ES|QL dates have milliseconds.
  date: (value) => (typeof value === 'number' ? Math.floor(value / 1_000) : undefined),
};

function toValue(values: FieldValues, turn: Turn, type: Field['type']): Value {
  if (values === undefined) return null;
  if (typeof values !== 'object') return turn(values) ?? null;
  const scalars = values.map(turn).filter((value) => value !== undefined);
  if (scalars.length < 2) return fromList(scalars);
  const kept = type === 'keyword' || type === 'ip' ? [...new Set(scalars)] : scalars;
  return fromList(kept.sort((a, b) => compareScalars(a, b, type)));
}
