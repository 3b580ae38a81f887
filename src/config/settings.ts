/** A setting that may also be given in the environment or as a flag. */
export interface Setting {
  /** Where it stands in the configuration. */
  readonly path: readonly string[];
  readonly env?: string;
  /** As commander writes it. */
  readonly flag?: string;
  /** True if the flag may be given several times, and the setting is a list. */
  readonly repeatable?: boolean;
  readonly doc: string;
  /** How a text of the environment or a flag is read; the text itself unless told. */
  readonly text?: TextForm;
}

export interface TextForm {
  /** What the text stands for; undefined if it is not of this form. */
  readonly parse: (text: string) => unknown;
  /** The form, in words that complete "expected …". */
  readonly expected: string;
}

const BOOLEAN: TextForm = {
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  expected: 'true or false',
};

const PATHS: TextForm = {
  parse: (text) => text.split(',').filter((path) => path !== ''),
  expected: 'paths with commas between them',
};

const STATE: TextForm = {
  parse: parseState,
  expected: 'sqlite:PATH, redis://HOST:PORT or rediss://HOST:PORT (TLS)',
};

/**
 * Every setting that has a name outside the file. One row is the whole of it: precedence rises from the file to the
 * environment to the flags. A row comes after those whose value it is a part of.
 */
export const SETTINGS: readonly Setting[] = [
  {
    path: ['receiver', 'listen'],
    env: 'FIRSTSEEN_LISTEN',
    flag: '--listen <host:port>',
    doc: 'where the API server sends its audit events',
  },
  {
    path: ['receiver', 'nodeName'],
    env: 'FIRSTSEEN_NODE_NAME',
    doc: 'what a sender on a loopback address is called in metrics',
  },
  {
    path: ['ops', 'listen'],
    env: 'FIRSTSEEN_OPS_LISTEN',
    flag: '--ops-listen <host:port>',
    doc: 'where health and metrics are served',
  },
  {
    path: ['state'],
    env: 'FIRSTSEEN_STATE',
    flag: '--state <sqlite:PATH|redis://HOST:PORT>',
    doc: 'where the state is kept',
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
    doc: 'a file or folder of rules; again for more',
    text: PATHS,
  },
  {
    path: ['kubernetes', 'kubeconfig'],
    env: 'FIRSTSEEN_KUBECONFIG',
    flag: '--kubeconfig <file>',
    doc: 'how to reach the Kubernetes API',
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
    doc: 'where traces are sent, OTLP over HTTP; off without it',
  },
];

/** The state's options from one word. */
function parseState(text: string): unknown {
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: text.slice('sqlite:'.length) };
  if (text.startsWith('redis:') || text.startsWith('rediss:')) return { kind: 'redis', url: text };
  return undefined;
}
