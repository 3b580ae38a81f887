import { nearest } from '../nearest.ts';
import { addressKey } from '../values/address.ts';
import { parseDateText } from './convert.ts';
import type { DataType } from './data-type.ts';
import { INTEGER_RANGE, LONG_RANGE } from './parse-literal.ts';
import type { KqlCondition, Table, TableColumn } from './table.ts';
import { compareScalars, fromList, type Scalar, type Value } from './value.ts';

export interface DocumentTableOptions {
  /** Column names and their types. */
  readonly types: Readonly<Record<string, DataType>>;
  readonly metadata: Table<unknown>['metadata'];
  readonly kql: (query: string) => KqlCondition<unknown>;
}

/**
 * Plain JSON documents as a table, in the way that Elasticsearch stores them: objects in lists flatten to the values of
 * their dotted paths, null and empty lists are absent, values are sorted, and duplicate texts and addresses count once.
 * Values that do not match the column's type are left out.
 */
export function createDocumentTable({ types, metadata, kql }: DocumentTableOptions): Table<unknown> {
  const names = Object.keys(types).sort();
  const columns = new Map<string, TableColumn<unknown>>();
  for (const name of names) {
    const type = types[name] ?? 'keyword';
    const path = name.split('.');
    columns.set(name, { type, read: (document) => readPath(document, path, type) });
  }
  return {
    names,
    column: (name) => columns.get(name),
    metadata,
    suggest: (name) => nearest(name, names),
    kql,
  };
}

function readPath(document: unknown, path: readonly string[], type: DataType): Value {
  const values: Scalar[] = [];
  collect(document, path, 0, type, values);
  if (values.length < 2) return fromList(values);
  const isSet = type === 'keyword' || type === 'ip' || type === 'version';
  const kept = isSet ? [...new Set(values)] : values;
  return fromList(kept.sort((a, b) => compareScalars(a, b, type)));
}

function collect(value: unknown, path: readonly string[], depth: number, type: DataType, values: Scalar[]): void {
  if (Array.isArray(value)) {
    for (const element of value) collect(element, path, depth, type, values);
  } else if (typeof value === 'object' && value !== null) {
    const key = path[depth];
    if (key !== undefined && Object.hasOwn(value, key)) collect(Reflect.get(value, key), path, depth + 1, type, values);
  } else if (depth === path.length) {
    const scalar = toScalar(value, type);
    if (scalar !== undefined) values.push(scalar);
  }
}

/** A JSON value converted to a type; undefined if it does not fit. */
function toScalar(value: unknown, type: DataType): Scalar | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  switch (type) {
    case 'keyword':
    case 'version':
      return String(value);
    case 'boolean':
      return value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;
    case 'ip':
      return addressKey(String(value));
    case 'double':
      return typeof value === 'number' ? value : undefined;
    case 'integer':
      return typeof value === 'number' && value >= INTEGER_RANGE.least && value <= INTEGER_RANGE.most
        ? Math.trunc(value)
        : undefined;
    case 'long': {
      const whole = typeof value === 'number' && Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
      return whole !== undefined && whole >= LONG_RANGE.least && whole <= LONG_RANGE.most ? whole : undefined;
    }
    case 'date': {
      if (typeof value === 'number') return Math.abs(value) <= 8.64e15 ? Math.floor(value) : undefined;
      const date = parseDateText(String(value));
      return 'value' in date ? date.value : undefined;
    }
    default:
      return undefined;
  }
}
