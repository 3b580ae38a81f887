/**
 * The most operations that kube-apiserver accepts in one patch. @see k8s.io/apiserver/pkg/endpoints/handlers
 * `maxJSONPatchOperations`
 */
const MOST_OPERATIONS = 10_000;
const MOST_SEGMENTS = 32;

/**
 * The values that a JSON patch (RFC 6902) sets, as objects that each hold one value at its path: `add /spec/hostPID
 * true` gives `{ spec: { hostPID: true } }`. Array indices are dropped, as flattening does. Values that an operation
 * copies from elsewhere are unknown.
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
