import { z } from 'zod';
import { parseJson } from '../audit/parse-json.ts';
import { excerpt } from '../audit/text.ts';
import { OperationalError } from '../telemetry/operational-error.ts';

/** A rejection by the API server. */
export interface ApiStatus {
  readonly code: number;
  /** A `metav1.StatusReason`, or '' without one. */
  readonly reason: string;
  /** Sanitised and bounded. */
  readonly message: string;
  /** True if it is about a certain object, and not about a path that is not served. */
  readonly namesObject: boolean;
}

const MAX_MESSAGE_BYTES = 512;

/** `metav1.Status` of k8s.io/apimachinery. */
const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z.object({ name: z.string().default('') }).nullish(),
});

/** Reasons of answers without a Status, as proxies send them. */
const REASONS: Readonly<Record<number, string>> = { 403: 'Forbidden', 404: 'NotFound', 410: 'Expired' };

/** Reads the body of a rejection: a Status, or any text if a proxy answered. */
export function parseStatus(code: number, body: string): ApiStatus {
  const parsed = statusSchema.safeParse(parseJson(body));
  const { message, reason, details } = parsed.success ? parsed.data : { message: body, reason: '', details: undefined };
  return {
    code,
    reason: normalise(reason || (REASONS[code] ?? '')),
    message: excerpt(message.trim(), MAX_MESSAGE_BYTES),
    namesObject: (details?.name ?? '') !== '',
  };
}

/** 410 comes as `Gone` from old servers and as `Expired` from others. */
function normalise(reason: string): string {
  return reason === 'Gone' ? 'Expired' : reason;
}

/**
 * The error for an unexpected rejection. 401 and 403 are retryable: tokens rotate, and the cluster's operator may fix
 * RBAC, so no alert must be lost. 404 without a name means that the kind is not served (yet), 409 that another writer
 * was faster.
 */
export function errorOf(method: string, path: string, status: ApiStatus): OperationalError {
  const { code, message, namesObject } = status;
  const mends = [401, 403, 408, 409, 410, 429].includes(code) || code >= 500 || code < 400;
  const notServed = code === 404 && !namesObject;
  const where = `${method} ${path.split('?', 1)[0]}`;
  const hint = notServed ? ' (is the CustomResourceDefinition installed?)' : '';
  const text = `${where}: ${code} ${message}${hint}`;
  return new OperationalError(mends || notServed ? 'api_unavailable' : 'api_rejected', text);
}
