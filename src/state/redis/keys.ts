/** The physical names of one cluster's keys. */
export interface ClusterKeys {
  /** The random token that every commit replaces. */
  readonly tok: string;
  /** The physical name of a logical key (see `stateKeys`). */
  of(name: string): string;
  lease(name: string): string;
}

/**
 * Every key begins `<prefix>{<cluster>}:`. The braces are a hash tag: Redis Cluster puts all keys of a monitored cluster into
 * one slot, which the scripts rely on. The name is escaped, so that no two clusters can share a key whatever they are called.
 */
export function clusterKeys(prefix: string, cluster: string): ClusterKeys {
  // An empty tag would be no tag; a lone % is no other name's escape.
  const tag = encodeURIComponent(cluster.toWellFormed()) || '%';
  const own = `${prefix}{${tag}}:`;
  return { tok: `${own}tok`, of: (name) => own + name, lease: (name) => `${own}lease:${name}` };
}
