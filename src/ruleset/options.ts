import { z } from 'zod';
import { RULE_BOUNDS } from '../rules/rule-schema.ts';

/** Which rules of the pack that comes with firstseen are wanted: all, none, or those with one of some tags. */
export const packOptionSchema = z.union(
  [
    z.enum(['all', 'none']),
    z.strictObject({ tags: z.array(z.string().min(1).max(RULE_BOUNDS.tag)).min(1, 'expected at least one tag') }),
  ],
  { error: 'expected all, none, or tags such as {tags: [rbac]}' },
);

export type PackOption = z.output<typeof packOptionSchema>;

/** GitOps controllers under the names that they have where they are installed as their documents say. */
const GITOPS_CONTROLLERS = [
  'system:serviceaccount:argocd:argocd-application-controller',
  'system:serviceaccount:flux-system:helm-controller',
  'system:serviceaccount:flux-system:kustomize-controller',
];

/** Nothing that cannot be seen, so that what is read is what is meant. */
const pattern = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !/\p{C}/u.test(text), 'expected text without control or invisible characters');

export const tamperOptionsSchema = z
  .strictObject({
    identities: z
      .array(pattern(256))
      .max(64)
      .prefault(GITOPS_CONTROLLERS)
      .describe('Users who may change firstseen and its rules without an alert; * stands for any text.'),
    names: z
      .array(pattern(253))
      .min(1, 'expected at least one name')
      .max(64)
      .prefault(['firstseen', 'firstseen-*'])
      .describe(
        'Names of the objects that firstseen is installed as beside namespaces, such as cluster roles; * stands for any text. All ' +
          'in its namespace is its own.',
      ),
  })
  .describe(
    'Alerts about changes of firstseen itself, which no rule and no exception switches off. They need kubernetes.enabled with a ' +
      'service account, whose own changes are known.',
  );
