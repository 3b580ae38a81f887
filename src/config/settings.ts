/** A setting that may also be given in the environment or as a flag. */
export interface Setting {
  /** Where it stands in the configuration. */
  readonly path: readonly string[];
  readonly env?: string;
  /** As commander writes it; `...` takes several. */
  readonly flag?: string;
  readonly doc: string;
  /** What the text stands for; the text itself unless told. */
  readonly parse?: (text: string) => unknown;
}

/**
 * Every setting that has a name outside the file. One row is the whole of it: precedence rises from the file to the
 * environment to the flags.
 */
export const SETTINGS: readonly Setting[] = [
  {
    path: ['receiver', 'listen'],
    env: 'FIRSTSEEN_LISTEN',
    flag: '--listen <host:port>',
    doc: 'where the API server sends its audit events',
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
    parse: parseState,
  },
  { path: ['state', 'password'], env: 'FIRSTSEEN_REDIS_PASSWORD', doc: 'the password of Redis' },
  {
    path: ['rules', 'paths'],
    env: 'FIRSTSEEN_RULES',
    flag: '--rules <path...>',
    doc: 'files and folders of rules',
    parse: (text) => text.split(',').filter((path) => path !== ''),
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
    parse: parseBoolean,
  },
  {
    path: ['log', 'level'],
    env: 'FIRSTSEEN_LOG_LEVEL',
    flag: '--log-level <level>',
    doc: 'error, warn, info or debug',
  },
  { path: ['log', 'format'], env: 'FIRSTSEEN_LOG_FORMAT', flag: '--log-format <format>', doc: 'json or text' },
];

function parseBoolean(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}

/** The state's options from one word; anything else is left for the schema to refuse. */
function parseState(text: string): unknown {
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: text.slice('sqlite:'.length) };
  if (text.startsWith('redis:') || text.startsWith('rediss:')) return { kind: 'redis', url: text };
  return text;
}
