import type { RequestOptions } from 'node:https';

/** Where an API server is, and how a request shows it who we are. */
export interface ApiAccess {
  /** The URL, without a slash at its end. */
  readonly server: string;
  /**
   * Certificates, keys and headers for a request; what rotates is read again when it is older than a minute. With an `agent`
   * where the way leads through a proxy, and only there.
   * @throws Error if a file cannot be read, or a plugin fails
   */
  credentials(): Promise<RequestOptions>;
}
