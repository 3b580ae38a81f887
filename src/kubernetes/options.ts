import { z } from 'zod';

/** How to reach the Kubernetes API, and what to write to it. */
export const kubernetesOptionsSchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Write alerts to the Kubernetes API.'),
  kubeconfig: z.string().min(1).optional().describe('A kubeconfig file; by default the service account of the pod.'),
  context: z.string().min(1).optional().describe('A context of the kubeconfig other than its current one.'),
  localCluster: z
    .string()
    .default('local')
    .describe(
      'The name in receiver.clusters of the cluster of this API. Only its objects get Events, and only its events can be ' +
        'writes of firstseen itself. Empty if it sends no events here.',
    ),
  namespaceLabels: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          'Watch the namespaces of the local cluster, so that rules and exceptions can use `kubernetes.namespace_labels.*`.',
        ),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Write an Alert resource for each alert.'),
    })
    .prefault({}),
  events: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Write a Kubernetes Event for each alert of the local cluster.'),
      lookUp: z
        .boolean()
        .default(true)
        .describe('Look up the uid of the object of an Event if the audit event lacks it.'),
    })
    .prefault({}),
});

export type KubernetesOptions = z.infer<typeof kubernetesOptionsSchema>;
