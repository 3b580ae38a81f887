import type { FieldValue, FieldValues } from './field.ts';
import { patchedObject } from './json-patch.ts';
import { PRESENT, valueSet } from './values.ts';
import { compilePath, type PathReader } from './walk.ts';

/**
 * Paths of the pod spec in the kinds that hold one: a Pod; kinds with a template (deployments, jobs, …); a CronJob; a
 * PodTemplate.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 */
const PLACES = [
  ['spec'],
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['template', 'spec'],
];
/** The container lists of a pod. The third is for containers added to a running pod (`pods/ephemeralcontainers`). */
const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'];

/** The pods that a body writes, with all containers of each. */
interface Pods {
  readonly specs: readonly object[];
  readonly containers: readonly unknown[];
}

/** All rules over pods read the same body one after another, so the result is cached per body. */
const found = new WeakMap<object, Pods>();

/**
 * A reader of one path in the pod that a request writes: in a Pod or in a workload, in a whole object, in a merge
 * patch, or in the operations of a JSON patch. `containers` covers all three container lists.
 */
export function podReader(path: string): PathReader {
  const [first, ...rest] = path.split('.');
  const ofContainers = first === 'containers';
  const read = compilePath(ofContainers ? rest.join('.') : path);
  return (body) => {
    if (typeof body !== 'object' || body === null) return undefined;
    const { specs, containers } = podsOf(body);
    if (ofContainers) return containers.length === 0 ? undefined : read(containers);
    return specs.length <= 1 ? read(specs[0]) : union(specs.map((spec) => read(spec)));
  };
}

function podsOf(body: object): Pods {
  const known = found.get(body);
  if (known !== undefined) return known;
  const roots = Array.isArray(body) ? patchedObject(body) : [body];
  const specs = roots.flatMap((root) => PLACES.flatMap((place) => objectAt(root, place) ?? []));
  const containers = specs.flatMap((spec) => CONTAINERS.flatMap((list) => member(spec, list) ?? []));
  const pods = { specs, containers };
  found.set(body, pods);
  return pods;
}

function objectAt(root: unknown, place: readonly string[]): object | undefined {
  const value = place.reduce(member, root);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** The values of several places together. */
function union(values: readonly FieldValues[]): FieldValues {
  const there = values.filter((value) => value !== undefined);
  if (there.length <= 1) return there[0];
  const all = there.flatMap((value): readonly FieldValue[] => (typeof value === 'object' ? value : [value]));
  return all.length === 0 ? PRESENT : valueSet(all);
}
