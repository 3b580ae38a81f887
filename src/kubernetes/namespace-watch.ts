import { z } from 'zod';
import type { Job } from '../alerts/job.ts';
import type { NamespaceLabels } from '../ingest/namespace-labels.ts';
import { type ApiObject, createResourceMirror } from './resource-watch.ts';

export interface NamespaceWatch extends Job, NamespaceLabels {
  /** Resolves when the namespaces are known for the first time, or when reading them has failed. */
  readonly answered: Promise<'known' | 'held'>;
}

type Labels = Readonly<Record<string, string>>;

const labelsSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

/** Watches the labels of namespaces in the cluster that firstseen writes to; every replica does. */
export function createNamespaceWatch(
  deps: Omit<Parameters<typeof createResourceMirror>[0], 'handlers' | 'onHeld'>,
  localCluster: string,
): NamespaceWatch {
  const answered = Promise.withResolvers<'known' | 'held'>();
  let known: ReadonlyMap<string, Labels> = new Map();
  const watch = createResourceMirror<Labels>(
    { ...deps, onHeld: () => answered.resolve('held') },
    { path: '/api/v1/namespaces', of: 'namespaces', read: labelsOf },
    (namespaces) => {
      known = namespaces;
      answered.resolve('known');
    },
  );
  return {
    ...watch,
    answered: answered.promise,
    of: (cluster, namespace) => (cluster === localCluster ? known.get(namespace) : undefined),
  };
}

function labelsOf(namespace: ApiObject): Labels {
  const parsed = labelsSchema.safeParse(namespace);
  return parsed.success ? parsed.data.metadata.labels : {};
}
