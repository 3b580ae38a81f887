import type { FieldValue, FieldValues } from './field.ts';
import { patchedObject } from './json-patch.ts';
import { PRESENT, valueSet } from './values.ts';
import { compilePath, type PathReader } from './walk.ts';

/**
 * Where the spec of a pod stands in what is written: a Pod; what has a template (deployments, jobs, …); a CronJob; a PodTemplate.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 */
const PLACES = ['spec', 'spec.template.spec', 'spec.jobTemplate.spec.template.spec', 'template.spec'];
/** The lists of containers of a pod. Those of the third are added to a pod that runs (`pods/ephemeralcontainers`). */
const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'];

/**
 * A reader of one path of the pod that a request writes, wherever it stands: in a pod or in what makes pods, in a whole object, in a
 * patch that looks like one, and in what the operations of a JSON patch set. `containers` stands for all three lists of containers.
 */
export function podReader(path: string): PathReader {
  const rest =
    path === 'containers' ? '' : path.startsWith('containers.') ? path.slice('containers'.length) : undefined;
  const paths = rest === undefined ? [path] : CONTAINERS.map((list) => list + rest);
  const readers = PLACES.flatMap((place) => paths.map((each) => compilePath(`${place}.${each}`)));
  return (body) => {
    if (typeof body !== 'object' || body === null) return undefined;
    const written = Array.isArray(body) ? patchedObject(body) : body;
    return union(readers.map((read) => read(written)));
  };
}

/** The values of several places together. */
function union(found: readonly FieldValues[]): FieldValues {
  const there = found.filter((values) => values !== undefined);
  if (there.length <= 1) return there[0];
  const all = there.flatMap((values): readonly FieldValue[] => (typeof values === 'object' ? values : [values]));
  return all.length === 0 ? PRESENT : valueSet(all);
}
