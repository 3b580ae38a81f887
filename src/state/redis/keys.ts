/** The physical names of one cluster's keys. */
export interface ClusterKeys {
  /** The random token that every commit replaces. */
  readonly tok: string;
  /** The physical name of a logical key (see `stateKeys`). */
  of(name: string): string;
  lease(name: string): string;
}

/**
 * Every key begins with `<prefix>{<cluster>}:`. The braces are a hash tag: Redis Cluster puts all keys of a monitored
 * cluster into one slot, which the scripts rely on. The cluster's name is escaped, so that no two clusters share a key.
 */
export function clusterKeys(prefix: string, cluster: string): ClusterKeys {
  // An empty hash tag would not count as one. A lone % cannot result from escaping another name.
  const tag = encodeURIComponent(cluster.toWellFormed()) || '%';
  const own = `${prefix}{${tag}}:`;
  return { tok: `${own}tok`, of: (name) => own + name, lease: (name) => `${own}lease:${name}` };
}
