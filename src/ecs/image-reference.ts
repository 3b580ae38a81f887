/**
 * The parts of a reference to an image. A first part without a dot, a colon and not `localhost` is no registry, and then the image
 * comes from Docker Hub; an official one of it has `library/` before its name.
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
