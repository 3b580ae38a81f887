/** The URI without its query. */
export function pathOf(uri: string): string {
  return uri.split('?', 1)[0] ?? '';
}

/**
 * Query parameters whose values say what was asked for and hold no secret: those of the Kubernetes API, and of the sessions
 * into pods (`command` is what was run, which is what a person needs to know first).
 */
const SHOWN: ReadonlySet<string> = new Set([
  'allowWatchBookmarks',
  'command',
  'container',
  'dryRun',
  'fieldManager',
  'fieldSelector',
  'fieldValidation',
  'follow',
  'force',
  'gracePeriodSeconds',
  'labelSelector',
  'limit',
  'limitBytes',
  'orphanDependents',
  'ports',
  'pretty',
  'previous',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'sinceSeconds',
  'sinceTime',
  'stderr',
  'stdin',
  'stdout',
  'tailLines',
  'timeout',
  'timeoutSeconds',
  'timestamps',
  'tty',
  'watch',
]);

/** A request that is passed on to a node, a pod or a service: its query is theirs, and its names mean what they say there. */
const PROXIED = /\/proxy(\/|$)/;

/** The URI with the value of every query parameter hidden that is not known to be harmless: a token may stand there. */
export function redactQuery(uri: string): string {
  const start = uri.indexOf('?');
  if (start < 0) return uri;
  const path = uri.slice(0, start);
  const isProxied = PROXIED.test(path);
  const shown = uri
    .slice(start + 1)
    .split('&')
    .map((parameter) => {
      const name = parameter.split('=', 1)[0] ?? '';
      return name === parameter || (SHOWN.has(name) && !isProxied) ? parameter : `${name}=REDACTED`;
    });
  return `${path}?${shown.join('&')}`;
}

/**
 * The values of a query parameter, in their order, decoded as Go's net/url does, which the API server reads them with: `+` is a blank, and what is
 * badly encoded or has a semicolon in it is left out.
 * @see https://pkg.go.dev/net/url#ParseQuery
 */
export function parametersOf(uri: string, name: string): readonly string[] {
  const start = uri.indexOf('?');
  if (start < 0) return [];
  return uri
    .slice(start + 1)
    .split('&')
    .flatMap((parameter) => {
      if (parameter.includes(';')) return [];
      const equals = parameter.indexOf('=');
      if (equals < 0 || decoded(parameter.slice(0, equals)) !== name) return [];
      return decoded(parameter.slice(equals + 1)) ?? [];
    });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
