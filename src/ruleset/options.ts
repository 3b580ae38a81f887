import { z } from 'zod';
import { RULE_BOUNDS } from '../rules/rule-schema.ts';

/** The selected rules of the bundled pack: all, none, or those with one of the tags. */
export const packOptionSchema = z.union(
  [
    z.enum(['all', 'none']),
    z.strictObject({ tags: z.array(z.string().min(1).max(RULE_BOUNDS.tag)).min(1, 'expected at least one tag') }),
  ],
  { error: 'expected all, none, or tags such as {tags: [rbac]}' },
);

export type PackOption = z.output<typeof packOptionSchema>;

/** GitOps controllers, by the names that their installation documents use. */
const GITOPS_CONTROLLERS = [
  'system:serviceaccount:argocd:argocd-application-controller',
  'system:serviceaccount:flux-system:helm-controller',
  'system:serviceaccount:flux-system:kustomize-controller',
];

/** Without invisible characters, so that people read what the program reads. */
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
      .describe('Users whose changes of firstseen and its rules raise no alert; * stands for any text.'),
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
    'Alerts about changes to firstseen itself. No rule or exception can switch them off. They need kubernetes.enabled and a ' +
      'service account, by which firstseen recognises its own changes.',
  );
