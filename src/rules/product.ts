/** A version after a product name: it begins with digits and dots. */
const VERSION = /^v?\d[\w.+~-]*$/;
/**
 * A commit, or what client-go writes where it was built without one (k8s.io/client-go/rest/config.go,
 * k8s.io/component-base/version/base.go).
 */
const COMMIT = /^(?:[0-9a-f]{7,40}|\$Format(?::%H\$)?|unknown|HEAD)$/;
/** The extension of a program file on one platform. */
const PLATFORM_SUFFIX = /\.exe$/i;
/** A longer user agent is not a list of products and stays unchanged. */
const MAX_LENGTH = 4_096;

/**
 * A user agent without what an upgrade changes: the names of its products, without versions, commits and comments, in
 * which the platform stands. `kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0` is `kubectl`; a part that names the
 * component stays, as in `kube-controller-manager/leader-election`. Letter case stays. A user agent of which nothing
 * would be left is as it was.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-user-agent (product = token ["/" version], comments in parentheses);
 * what client-go
 *   sends: `<program>/<version> (<os>/<arch>) kubernetes/<commit>`, then `/<component>` (k8s.io/client-go/rest/config.go)
 */
export function productOf(userAgent: string): string {
  if (userAgent.length > MAX_LENGTH) return userAgent;
  const products: string[] = [];
  for (const token of withoutComments(userAgent).split(/\s+/)) {
    const [name = '', ...rest] = token.split('/');
    const parts = rest.filter((part) => part !== '' && !VERSION.test(part) && !COMMIT.test(part));
    // Every Kubernetes program is built with this library, so it identifies nothing.
    const isLibrary = name === 'kubernetes' && rest.length > 0 && products.length > 0;
    if (isLibrary) products.push([products.pop(), ...parts].join('/'));
    else if (name !== '' && !VERSION.test(name)) products.push([name.replace(PLATFORM_SUFFIX, ''), ...parts].join('/'));
  }
  return products.join(' ') || userAgent;
}

/** Comments may nest; an unclosed one extends to the end, and an unmatched closing parenthesis stays. */
function withoutComments(text: string): string {
  let kept = '';
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    else if (character === ')' && depth > 0) {
      depth -= 1;
      kept += ' ';
    } else if (depth === 0) kept += character;
  }
  return kept;
}
