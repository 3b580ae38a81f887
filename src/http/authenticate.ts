import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type ClusterOptions, MIN_TOKEN_LENGTH, TOKEN } from './options.ts';
import { Refusal } from './refusal.ts';
import type { FileContents } from './watched-files.ts';

/** A cluster's token, as its SHA-256. */
export interface TokenDigest {
  readonly cluster: string;
  readonly digest: Buffer;
}

export interface Credentials {
  readonly clusters: readonly ClusterOptions[];
  /** Whether client certificates are verified. */
  readonly certificates: boolean;
  readonly tokens: readonly TokenDigest[];
}

/**
 * The cluster that the sender's credential belongs to. A certificate or a token is enough; if both are sent and belong
 * to different clusters, both are refused.
 *
 * @throws Refusal 401 without a valid credential, 403 if the credential belongs to no cluster or to more than one
 */
export function authenticate(request: IncomingMessage, credentials: Credentials): string {
  const certificate = credentials.certificates ? authorisedCertificate(request) : undefined;
  const byToken = clusterOfToken(request.headers.authorization, credentials.tokens);
  if (certificate === undefined) {
    if (byToken === undefined) throw new Refusal('unauthenticated');
    return byToken;
  }
  const named = clustersOfCertificate(certificate, credentials.clusters);
  const stands = new Set(byToken === undefined ? named : [...named, byToken]);
  const [cluster] = stands;
  if (cluster === undefined || stands.size > 1) {
    throw new Refusal('forbidden', { detail: `certificate ${commonName(certificate)}` });
  }
  return cluster;
}

/**
 * Reads the tokens of the clusters.
 * @throws Error that names the file or cluster and what was expected
 */
export function readTokens(clusters: readonly ClusterOptions[], contents: FileContents): readonly TokenDigest[] {
  const tokens: TokenDigest[] = [];
  for (const { name, token, tokenFile } of clusters) {
    const text = tokenFile === undefined ? token : (contents.get(tokenFile) ?? '').trim();
    if (text === undefined) continue;
    const place = tokenFile ?? `the token of cluster ${name}`;
    if (text.length < MIN_TOKEN_LENGTH || !TOKEN.test(text)) {
      throw new Error(
        `${place}: expected at least ${MIN_TOKEN_LENGTH} characters: letters, digits and - . _ ~ + / with = at the end`,
      );
    }
    const digest = sha256(text);
    const other = tokens.find((candidate) => candidate.digest.equals(digest));
    if (other !== undefined) {
      throw new Error(
        `${place}: expected a different token for cluster ${name}, because cluster ${other.cluster} uses this one`,
      );
    }
    tokens.push({ cluster: name, digest });
  }
  return tokens;
}

/** Checks both: some versions of Node report a resumed session without a certificate as authorised. */
function authorisedCertificate({ socket }: IncomingMessage): X509Certificate | undefined {
  return socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
}

function clustersOfCertificate(certificate: X509Certificate, clusters: readonly ClusterOptions[]): readonly string[] {
  const [only, second] = clusters;
  if (only !== undefined && second === undefined && only.clientNames === undefined) return [only.name];
  const common = commonName(certificate);
  const bears = (name: string): boolean =>
    name === common || certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
  return clusters.filter(({ clientNames }) => clientNames?.some(bears)).map(({ name }) => name);
}

/** Undefined if there is none or more than one. */
function commonName(certificate: X509Certificate): string | undefined {
  const name: unknown = certificate.toLegacyObject().subject.CN;
  return typeof name === 'string' ? name : undefined;
}

/** Compares with every token, each in constant time, so that timing reveals nothing. */
function clusterOfToken(header: string | undefined, tokens: readonly TokenDigest[]): string | undefined {
  const [, presented] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
  if (presented === undefined) return undefined;
  const digest = sha256(presented);
  let found: string | undefined;
  for (const token of tokens) if (timingSafeEqual(digest, token.digest)) found = token.cluster;
  return found;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
