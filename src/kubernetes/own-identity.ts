import { z } from 'zod';
import { parseJson } from '../audit/parse-json.ts';
import type { OwnIdentity } from '../ingest/own-writes.ts';
import { type KubeconfigSource, openApiAccess } from './open-api-access.ts';

/**
 * The claims of a bound service account token:
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
const claimsSchema = z.object({
  sub: z.string().startsWith('system:serviceaccount:'),
  'kubernetes.io': z.object({ pod: z.object({ uid: z.string() }).optional() }).optional(),
});

/**
 * The identity in a credential: the name of a service account, and the pod if the token is bound to one. Nothing is
 * verified; the API server does that. Undefined for any other credential.
 */
export async function readOwnIdentity(source: KubeconfigSource): Promise<OwnIdentity | undefined> {
  const access = await openApiAccess(source);
  const { headers } = await access.credentials();
  const authorization = new Headers(headers as Record<string, string> | undefined).get('authorization') ?? '';
  const [, payload] = /^Bearer [^.]+\.([^.]+)\.[^.]+$/.exec(authorization) ?? [];
  if (payload === undefined) return undefined;
  const claims = claimsSchema.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!claims.success) return undefined;
  const podUid = claims.data['kubernetes.io']?.pod?.uid;
  return { username: claims.data.sub, ...(podUid === undefined ? {} : { podUid }) };
}

/** The namespace of a service account; undefined for any other credential. */
export function namespaceOf(identity: OwnIdentity | undefined): string | undefined {
  return /^system:serviceaccount:([^:]+):[^:]+$/.exec(identity?.username ?? '')?.[1];
}
