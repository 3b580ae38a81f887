import { randomUUID } from 'node:crypto';
import { OperationalError } from '../../telemetry/operational-error.ts';

/** The version of what the keys of a monitored cluster hold. It stands before the dot in `tok`; without a dot it is 1. */
export const SCHEMA = 1;

/** A new random token. As each commit reads and replaces it, the schema is known at every commit without a read of its own. */
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

/** Keeps this firstseen off state that a newer one has taken over: it would misread it, or undo what it says. */
export function createSchemaGuard(): SchemaGuard {
  const refused = new Map<string, OperationalError>();
  return {
    check(cluster, schema) {
      if (schema <= SCHEMA) {
        refused.delete(cluster);
        return;
      }
      const message =
        `the state of the cluster ${JSON.stringify(cluster)} is in schema ${schema}, and this firstseen reads up to ` +
        `${SCHEMA}: run the newer firstseen that wrote it, or begin anew under another state.keyPrefix`;
      const error = new OperationalError('store_newer', message);
      refused.set(cluster, error);
      throw error;
    },
    checkAll() {
      for (const error of refused.values()) throw error;
    },
  };
}
