import { announcesSecret, REDACTED, redactText } from './redact-text.ts';

/** The URI without its query. */
export function pathOf(uri: string): string {
  return uri.split('?', 1)[0] ?? '';
}

/**
 * Query parameters whose values say what was asked for and hold no secret: those of the Kubernetes API, and of the sessions
 * into pods.
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

/**
 * The URI without secrets: the value of every query parameter is hidden that is not known to be harmless, and the rest is redacted as any
 * text is.
 * @param execArguments whether more is shown of what is run in a container than the program
 */
export function redactUri(uri: string, execArguments: 'show' | 'hide'): string {
  const start = uri.indexOf('?');
  if (start < 0) return redactText(uri);
  const path = uri.slice(0, start);
  const isProxied = PROXIED.test(path);
  /** The word before, of what is run. */
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

/** As far as a parameter is decoded: no name that is known, and no option, is as long. */
const LONGEST_DECODED = 256;

/** What the API server takes the text for. */
function decode(text: string): string {
  if (text.length > LONGEST_DECODED || !text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The values of a query parameter, in their order, decoded as Go's net/url does, which the API server reads them with:
 * `+` is a blank, and what is badly encoded or has a semicolon in it is left out.
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

/** The name or the value of a query parameter, a `+` being a blank; undefined if it is badly encoded, or no text. */
export function decodeParameter(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
