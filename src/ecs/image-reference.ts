/**
 * The parts of an image reference. If the first part has no dot and no colon and is not `localhost`, it is not a
 * registry: the image comes from Docker Hub, and official images there get the prefix `library/`.
 * @see https://github.com/distribution/reference `ParseNormalizedNamed`
 */
export function imageParts(image: string): { readonly registry: string; readonly repository: string } {
  const [named = ''] = image.split('@', 1);
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  const registry = isRegistry ? first.toLowerCase().replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  const rest = isRegistry ? named.slice(slash + 1) : named;
  const name = rest.split(':', 1)[0] ?? '';
  const path = registry === 'docker.io' && !name.includes('/') ? `library/${name}` : name;
  return { registry, repository: `${registry}/${path}` };
}
