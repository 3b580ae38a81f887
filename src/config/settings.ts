/** A setting that the environment or a flag can set too. */
export interface Setting {
  /** Its path in the configuration. */
  readonly path: readonly string[];
  readonly env?: string;
  /** In commander's syntax. */
  readonly flag?: string;
  /** True if the flag can be repeated and the setting is a list. */
  readonly repeatable?: boolean;
  readonly doc: string;
  /** Parses text from the environment or a flag; the text itself by default. */
  readonly text?: TextForm;
}

export interface TextForm {
  /** The value of the text; undefined if it does not have this form. */
  readonly parse: (text: string) => unknown;
  /** Completes the sentence "expected …". */
  readonly expected: string;
}

const BOOLEAN: TextForm = {
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  expected: 'true or false',
};

const PATHS: TextForm = {
  parse: (text) => text.split(',').filter((path) => path !== ''),
  expected: 'paths separated by commas',
};

const STATE: TextForm = {
  parse: parseState,
  expected: 'sqlite:PATH, redis://HOST:PORT or rediss://HOST:PORT (TLS)',
};

/**
 * Every setting with a name outside the file. The file has the lowest precedence, then the environment, then flags. A
 * row follows the rows of settings that it is a part of.
 */
export const SETTINGS: readonly Setting[] = [
  {
    path: ['receiver', 'listen'],
    env: 'FIRSTSEEN_LISTEN',
    flag: '--listen <host:port>',
    doc: 'address of the receiver for audit events',
  },
  {
    path: ['receiver', 'nodeName'],
    env: 'FIRSTSEEN_NODE_NAME',
    doc: 'name in metrics of a sender on a loopback address',
  },
  {
    path: ['ops', 'listen'],
    env: 'FIRSTSEEN_OPS_LISTEN',
    flag: '--ops-listen <host:port>',
    doc: 'address of health and metrics',
  },
  {
    path: ['state'],
    env: 'FIRSTSEEN_STATE',
    flag: '--state <sqlite:PATH|redis://HOST:PORT>',
    doc: 'where to keep the state',
    text: STATE,
  },
  { path: ['state', 'url'], env: 'FIRSTSEEN_REDIS_URL', doc: 'the address of Redis' },
  { path: ['state', 'username'], env: 'FIRSTSEEN_REDIS_USERNAME', doc: 'the ACL user of Redis' },
  { path: ['state', 'password'], env: 'FIRSTSEEN_REDIS_PASSWORD', doc: 'the password of Redis' },
  {
    path: ['state', 'sentinel', 'password'],
    env: 'FIRSTSEEN_REDIS_SENTINEL_PASSWORD',
    doc: 'the password of the sentinels',
  },
  {
    path: ['rules', 'paths'],
    env: 'FIRSTSEEN_RULES',
    flag: '--rules <path>',
    repeatable: true,
    doc: 'a file or folder of rules; repeatable',
    text: PATHS,
  },
  {
    path: ['kubernetes', 'kubeconfig'],
    env: 'FIRSTSEEN_KUBECONFIG',
    flag: '--kubeconfig <file>',
    doc: 'the kubeconfig for the Kubernetes API',
  },
  {
    path: ['kubernetes', 'enabled'],
    env: 'FIRSTSEEN_KUBERNETES',
    flag: '--kubernetes <true|false>',
    doc: 'write alerts to the Kubernetes API',
    text: BOOLEAN,
  },
  {
    path: ['log', 'level'],
    env: 'FIRSTSEEN_LOG_LEVEL',
    flag: '--log-level <level>',
    doc: 'error, warn, info or debug',
  },
  { path: ['log', 'format'], env: 'FIRSTSEEN_LOG_FORMAT', flag: '--log-format <format>', doc: 'json or text' },
  {
    path: ['tracing', 'endpoint'],
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    doc: 'URL of the collector for traces (OTLP over HTTP); off by default',
  },
];

/** Options of the state from a single text. */
function parseState(text: string): unknown {
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: text.slice('sqlite:'.length) };
  if (text.startsWith('redis:') || text.startsWith('rediss:')) return { kind: 'redis', url: text };
  return undefined;
}
