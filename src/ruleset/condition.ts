import { cutBytes } from '../audit/text.ts';

/** `metav1.Condition` of k8s.io/apimachinery. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration: number;
  /** When `status` last changed, RFC 3339. */
  readonly lastTransitionTime: string;
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

/** A condition as it is now, whatever it was before. */
export type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The bound of the resource definitions, less room for text that takes more bytes than characters: bytes are never fewer. */
const MAX_MESSAGE_BYTES = 2_048;

/**
 * The conditions of a resource from what is found now: one whose status is as before keeps the time since when it is so.
 *
 * @param before those that the resource has
 * @param now RFC 3339, as `formatSeconds` gives it
 */
export function conditionsOf(
  findings: readonly Finding[],
  before: readonly Condition[],
  observedGeneration: number,
  now: string,
): readonly Condition[] {
  return findings.map(({ type, status, reason, message }) => {
    const known = before.find((condition) => condition.type === type);
    const since = known?.status === status ? known.lastTransitionTime : now;
    const text = cutBytes(message, MAX_MESSAGE_BYTES);
    return { type, status, observedGeneration, lastTransitionTime: since, reason, message: text };
  });
}

/** RFC 3339 in UTC, to the second, as Kubernetes writes times. @param micros since the epoch */
export function formatSeconds(micros: number): string {
  return `${new Date(micros / 1_000).toISOString().slice(0, 19)}Z`;
}
