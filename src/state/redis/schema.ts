import { randomUUID } from 'node:crypto';
import { OperationalError } from '../../telemetry/operational-error.ts';

/** The schema version of a monitored cluster's keys. It precedes the dot in `tok`; without a dot it is 1. */
export const SCHEMA = 1;

/** A new random token. Each commit reads and replaces it, so the schema is checked at each commit at no extra cost. */
export function nextToken(): string {
  return `${SCHEMA}.${randomUUID()}`;
}

export function schemaOf(token: string): number {
  return Number(/^(\d+)\./.exec(token)?.[1] ?? 1);
}

export interface SchemaGuard {
  /** @throws OperationalError `store_newer` if this firstseen must not touch the cluster's state */
  check(cluster: string, schema: number): void;
  /** @throws OperationalError `store_newer` if the last check of any cluster did */
  checkAll(): void;
}

/** Keeps this firstseen from changing state in a newer schema, which it would misread or damage. */
export function createSchemaGuard(): SchemaGuard {
  const refused = new Map<string, OperationalError>();
  return {
    check(cluster, schema) {
      if (schema <= SCHEMA) {
        refused.delete(cluster);
        return;
      }
      const message =
        `the state of the cluster ${JSON.stringify(cluster)} has schema ${schema}, but this firstseen reads up to ` +
        `${SCHEMA}: run the newer firstseen version that wrote it, or set another state.keyPrefix to start with an empty state`;
      const error = new OperationalError('store_newer', message);
      refused.set(cluster, error);
      throw error;
    },
    checkAll() {
      for (const error of refused.values()) throw error;
    },
  };
}
