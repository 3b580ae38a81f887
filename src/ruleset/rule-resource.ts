import { z } from 'zod';

/** A DetectionRule as the API server holds it. */
export interface RuleResource {
  readonly name: string;
  /** Another one under the same name is another rule. */
  readonly uid: string;
  /** Counts the edits of its spec, from 1. */
  readonly generation: number;
  /** The whole resource, not yet judged. */
  readonly value: unknown;
}

/** `metav1.ObjectMeta` of k8s.io/apimachinery, as far as it tells versions apart. */
const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string().default(''), generation: z.int().default(0) }),
});

/** Reads the identity of an object of the API; undefined if it is none. */
export function toRuleResource(value: unknown): RuleResource | undefined {
  const parsed = objectSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { name, uid, generation } = parsed.data.metadata;
  return { name, uid, generation, value };
}
