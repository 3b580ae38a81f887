import type { RequestOptions } from 'node:https';

/** The address of an API server, and the credential for it. */
export interface ApiAccess {
  /** The URL, without a trailing slash. */
  readonly server: string;
  /**
   * Certificates, keys and headers for a request; rotated ones are read again after a minute. Includes an `agent` only
   * if there is a proxy.
   * @throws Error if a file cannot be read, or a plugin fails
   */
  credentials(): Promise<RequestOptions>;
}
