/** What kube-apiserver takes of operations in one patch. @see k8s.io/apiserver/pkg/endpoints/handlers `maxJSONPatchOperations` */
const MOST_OPERATIONS = 10_000;
const MOST_SEGMENTS = 32;

/**
 * What the operations of a JSON patch (RFC 6902) set, as a list of objects that each hold one value at its place: what
 * `add /spec/hostPID true` sets is `{ spec: { hostPID: true } }`. Places in lists are left out, as flattening does; a
 * value that is copied from elsewhere is not known here.
 */
export function patchedObject(operations: readonly unknown[]): readonly unknown[] {
  return operations.slice(0, MOST_OPERATIONS).flatMap((operation) => {
    if (typeof operation !== 'object' || operation === null) return [];
    const { op, path, value }: { readonly op?: unknown; readonly path?: unknown; readonly value?: unknown } = operation;
    if ((op !== 'add' && op !== 'replace') || typeof path !== 'string') return [];
    const segments = path.split('/', MOST_SEGMENTS + 2).slice(1);
    if (segments.length > MOST_SEGMENTS) return [];
    return [
      segments
        .filter((segment) => !/^(\d+|-)$/.test(segment))
        .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
        .reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value),
    ];
  });
}
