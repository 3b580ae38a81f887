import { z } from 'zod';

/** A DetectionRule in the API. */
export interface RuleResource {
  readonly name: string;
  /** A new uid under the same name is a new rule. */
  readonly uid: string;
  /** Counts the edits of its spec, from 1. */
  readonly generation: number;
  /** The whole resource, not yet validated. */
  readonly value: unknown;
}

/** The parts of `metav1.ObjectMeta` of k8s.io/apimachinery that identify a version. */
const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string().default(''), generation: z.int().default(0) }),
});

/** Reads the identity of an API object; undefined if it has none. */
export function toRuleResource(value: unknown): RuleResource | undefined {
  const parsed = objectSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { name, uid, generation } = parsed.data.metadata;
  return { name, uid, generation, value };
}
