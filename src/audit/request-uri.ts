import { announcesSecret, REDACTED, redactText } from './redact-text.ts';

/** The URI without its query. */
export function pathOf(uri: string): string {
  return uri.split('?', 1)[0] ?? '';
}

/**
 * Query parameters whose values are useful and hold no secret: those of the Kubernetes API and of sessions into pods.
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

/**
 * A request proxied to a node, a pod or a service. Its query belongs to them, so parameter names have no known meaning.
 */
const PROXIED = /\/proxy(\/|$)/;

/**
 * The URI without secrets: values of query parameters are hidden unless the parameter is known to be harmless; the rest
 * is redacted like any text.
 * @param execArguments whether to show the arguments of a command run in a container, not only the program
 */
export function redactUri(uri: string, execArguments: 'show' | 'hide'): string {
  const start = uri.indexOf('?');
  if (start < 0) return redactText(uri);
  const path = uri.slice(0, start);
  const isProxied = PROXIED.test(path);
  /** The previous word of the command. */
  let word: string | undefined;
  const shown = uri
    .slice(start + 1)
    .split('&')
    .map((parameter) => {
      const written = parameter.split('=', 1)[0] ?? '';
      if (written === parameter) return redactText(parameter);
      const name = decode(written);
      if (isProxied || !SHOWN.has(name)) return `${redactText(written)}=${REDACTED}`;
      if (name !== 'command') return redactText(parameter);
      const isHidden = word !== undefined && (execArguments === 'hide' || announcesSecret(word));
      word = decode(parameter.slice(written.length + 1));
      return isHidden ? `${written}=${REDACTED}` : redactText(parameter);
    });
  return `${redactText(path)}?${shown.join('&')}`;
}

/** Parameters are decoded up to this length: no known name and no option is longer. */
const LONGEST_DECODED = 256;

/** The decoded text as the API server reads it. */
function decode(text: string): string {
  if (text.length > LONGEST_DECODED || !text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The values of a query parameter in order, decoded like Go's net/url, which the API server uses: `+` is a blank; badly
 * encoded values and values with a semicolon are left out.
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
      if (equals < 0 || decodeParameter(parameter.slice(0, equals)) !== name) return [];
      return decodeParameter(parameter.slice(equals + 1)) ?? [];
    });
}

/**
 * The decoded name or value of a query parameter, with `+` as a blank; undefined if it is badly encoded or not text.
 */
export function decodeParameter(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
