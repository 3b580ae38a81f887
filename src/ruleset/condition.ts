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

/** The present finding of a condition, without its history. */
export type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The bound of the resource definitions in bytes, with some room; bytes are never fewer than characters. */
const MAX_MESSAGE_BYTES = 2_048;

/**
 * The conditions of a resource from the present findings. A condition whose status has not changed keeps its
 * transition time.
 *
 * @param before the resource's present conditions
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
