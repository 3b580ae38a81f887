import { z } from 'zod';

/** `metav1.Condition` of k8s.io/apimachinery, as the status of a resource lists them. */
export const conditionsSchema = z
  .array(
    z.object({
      type: z.string(),
      status: z.enum(['True', 'False', 'Unknown']),
      observedGeneration: z.int().default(0),
      lastTransitionTime: z.string(),
      reason: z.string(),
      message: z.string(),
    }),
  )
  .default([]);
