import { z } from 'zod';

/** How to reach the Kubernetes API, and what to write there. */
export const kubernetesOptionsSchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Write alerts to a Kubernetes API.'),
  kubeconfig: z.string().min(1).optional().describe("A kubeconfig file. Without it the pod's service account is used."),
  context: z.string().min(1).optional().describe('A context of the kubeconfig other than its current one.'),
  localCluster: z
    .string()
    .default('local')
    .describe(
      'Which of receiver.clusters this API belongs to: only its objects get Events, and only there is our own account us. ' +
        'Empty if it sends no events here.',
    ),
  namespaceLabels: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          'Follow the namespaces of the local cluster, so that rules and exceptions can ask for `kubernetes.namespace_labels.*`.',
        ),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Keep an Alert resource for each alert.'),
    })
    .prefault({}),
  events: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Record a Kubernetes Event for each alert of the local cluster.'),
      lookUp: z
        .boolean()
        .default(true)
        .describe('Look up the uid of the object that an Event is about, where the audit event does not carry it.'),
    })
    .prefault({}),
});

export type KubernetesOptions = z.infer<typeof kubernetesOptionsSchema>;
