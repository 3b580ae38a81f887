/**
 * Writes the reference pages from the tables in the code, so that pages and program agree.
 *
 *   node docs/generate.ts            writes docs/reference/*.md
 *   node docs/generate.ts --check    writes nothing; lists stale pages, and exits with 1 if there are any
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';
import { SETTINGS } from '../src/config/settings.ts';
import type { Field, FieldType } from '../src/ecs/field.ts';
import { FIELDS } from '../src/ecs/fields.ts';
import { REFUSALS } from '../src/http/refusal.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { OPERATIONAL_ERRORS } from '../src/telemetry/operational-error.ts';
import { esqlPage } from './pages/esql.ts';
import { type JsonSchema, jsonSchema } from './pages/json-schema.ts';
import { code, type Page, page, table } from './pages/page.ts';
import { queryLanguagesPage } from './pages/query-languages.ts';
import { ruleDocumentPage } from './pages/rule-document.ts';
import { rulePackPage } from './pages/rule-pack.ts';
import { sigmaPage } from './pages/sigma.ts';

const ROOT = path.join(import.meta.dirname, '..');
const FOLDER = path.join('docs', 'reference');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const stale: string[] = [];
for (const { name, text } of pages()) {
  const file = path.join(FOLDER, `${name}.md`);
  const full = path.join(ROOT, file);
  if (readIfThere(full) === text) continue;
  stale.push(file);
  if (values.check) continue;
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
}
for (const file of stale) console.log(values.check ? `${file} is stale: run npm run generate` : `${file} written`);
if (values.check && stale.length > 0) process.exitCode = 1;

function pages(): readonly Page[] {
  return [
    fieldsPage(),
    ruleDocumentPage(),
    rulePackPage(),
    queryLanguagesPage(),
    esqlPage(),
    sigmaPage(),
    configurationPage(),
    metricsPage(),
    operationalErrorsPage(),
    statusCodesPage(),
    helmValuesPage(),
  ];
}

function fieldsPage(): Page {
  const types: Readonly<Record<FieldType, string>> = {
    keyword: 'exact text, case-sensitive; `*` is a wildcard',
    ip: 'an address or a prefix such as `10.0.0.0/8`',
    integer: 'a number; also `<` `<=` `>` `>=`',
    boolean: '`true` or `false`',
    date: 'ISO 8601 or milliseconds since the epoch',
  };
  const rows = FIELDS.filter(({ neverSet }) => neverSet !== true);
  const row = ({ name, type, doc }: Field) => [code(name), type, doc];
  return page(
    'fields',
    'Fields that a rule may name',
    `The table describes ${rows.length} fields. Two families of paths work as well:`,
    '- Every path below `kubernetes.audit.`, such as `kubernetes.audit.requestObject.spec.hostNetwork`. Arrays on the way are flattened, and values are compared as text (keyword): write `true` and `0` as they look. ' +
      'As in Elastic, the metadata of both bodies (`requestObject.metadata`, `responseObject.metadata`) is never set.\n' +
      '- Every path of a pod below `firstseen.pod.`. It reads the pod that a request writes, whether as a Pod, in the template of a workload or CronJob, or in a patch, including JSON patches. `containers` includes init and ephemeral containers.',
    'Paths that an audit event cannot have (`kubernetes.audit.vrb`) and ECS names that no audit event has (`process.name`) load, but conditions on them never hold; `rules check` says so and suggests a field. ' +
      'Any other name is an error, with the nearest known name as a hint.',
    table(
      ['type', 'values'],
      Object.entries(types).map(([type, text]) => [type, text]),
    ),
    table(['field', 'type', 'content'], rows.map(row)),
  );
}

interface Leaf {
  readonly path: string;
  readonly type: string;
  readonly fallback: string;
  readonly doc: string;
}

function configurationPage(): Page {
  const schema = jsonSchema.parse(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
  const leaves = leavesOf('', schema, false);
  const outside = new Map(SETTINGS.map((setting) => [setting.path.join('.'), setting]));
  const rows = leaves.map(({ path: at, type, fallback, doc }) => {
    const { env, flag } = outside.get(at) ?? {};
    return [
      code(at),
      type,
      fallback,
      env === undefined ? '' : code(env),
      flag === undefined ? '' : code(flag.split(' ', 1)[0] ?? ''),
      doc,
    ];
  });
  const named = SETTINGS.map(({ path: at, env, flag, doc }) => [
    code(at.join('.')),
    env === undefined ? '' : code(env),
    flag === undefined ? '' : code(flag),
    leaves.find(({ path: leaf }) => leaf === at.join('.'))?.fallback ?? '',
    doc,
  ]);
  return page(
    'configuration',
    'Configuration',
    '`--config` or `FIRSTSEEN_CONFIG` names a YAML file; without one, the defaults apply. Environment variables override the file, and flags override both. ' +
      'At startup firstseen checks everything and reports all problems at once, each with its place. ' +
      'An unknown setting is a problem too. Write durations as `30m`, `36h`, `7d`; settings that end in `Ms` are in milliseconds.',
    'firstseen listens beyond the loopback address only with a credential for the sender (`receiver.tls.clientCAFile`, or a token of each cluster), ' +
      'or with `receiver.allowUnauthenticated`.',
    '## Environment and flags',
    table(['setting', 'environment', 'flag', 'default', 'meaning'], named),
    '`FIRSTSEEN_RULES` takes paths separated by commas. `--state sqlite:PATH` is `state: { kind: sqlite, path: PATH }` in the file. ' +
      'Without a kubeconfig, firstseen uses the service account of its pod. ' +
      'A Redis URL may contain user and password. `FIRSTSEEN_REDIS_PASSWORD` overrides the password, and is valid only with state in Redis.',
    '## All settings',
    '`[]` marks the items of a list. A required setting is required only if the settings around it are present.',
    table(['setting', 'type', 'default', 'environment', 'flag', 'meaning'], rows),
  );
}

/** The settings at the ends of the tree, one row each, in the order in which the schema states them. */
function leavesOf(at: string, schema: JsonSchema, required: boolean): Leaf[] {
  const alternatives = (schema.oneOf ?? schema.anyOf ?? []).map((one) => jsonSchema.parse(one));
  if (alternatives.length > 0 && alternatives.some(({ properties }) => properties?.kind !== undefined)) {
    return [
      leaf(at, schema, required),
      ...alternatives.flatMap((one) => {
        const kind = jsonSchema.parse(one.properties?.kind).const;
        return childrenOf(at, one)
          .filter((child) => child.path !== `${at}.kind`)
          .map((child) => ({ ...child, doc: `With kind ${code(String(kind))}. ${child.doc}`.trim() }));
      }),
    ];
  }
  if (schema.properties !== undefined) {
    const below = childrenOf(at, schema);
    return schema.description === undefined || at === '' ? below : [leaf(at, schema, required), ...below];
  }
  const items = schema.items === undefined ? undefined : jsonSchema.parse(schema.items);
  const inItems = items?.properties === undefined ? [] : childrenOf(`${at}[]`, items);
  return [leaf(at, schema, required), ...inItems];
}

function childrenOf(at: string, schema: JsonSchema): Leaf[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, below]) =>
    leavesOf(at === '' ? name : `${at}.${name}`, jsonSchema.parse(below), schema.required?.includes(name) === true),
  );
}

function leaf(at: string, schema: JsonSchema, required: boolean): Leaf {
  const hasDefault = schema.default !== undefined && JSON.stringify(schema.default) !== '{}';
  return {
    path: at,
    type: `${typeOf(schema)}${required ? ', required' : ''}`,
    fallback: hasDefault ? code(shown(schema.default)) : '',
    doc: schema.description ?? '',
  };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function typeOf(schema: JsonSchema): string {
  const { type, enum: choices, items } = schema;
  if (choices !== undefined) return choices.map((choice) => code(shown(choice))).join(', ');
  if (schema.const !== undefined) return code(shown(schema.const));
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives !== undefined) {
    return [...new Set(alternatives.map((one) => typeOf(jsonSchema.parse(one))))].join(' or ');
  }
  if (type === 'array') {
    const of = items === undefined ? 'value' : typeOf(jsonSchema.parse(items));
    return `list of ${of}s`;
  }
  if (type === 'object' && schema.properties?.replicated !== undefined) return '`{"replicated": n}`';
  if (type === 'object') return 'mapping';
  return Array.isArray(type) ? type.join(' or ') : (type ?? 'value');
}

function metricsPage(): Page {
  const own = createMetrics()
    .describe()
    .filter(({ name }) => name.startsWith('firstseen_'));
  return page(
    'metrics',
    'Metrics',
    `\`GET /metrics\` on the ops port (9444 unless set otherwise) returns ${own.length} metrics of firstseen in Prometheus text format, ` +
      'and those of the process (`process_…`, `nodejs_…`). Label values come from configuration and code, never from requests. ' +
      '`sender` is the address of an accepted peer, at most 32 a cluster. What to watch and alert on: [monitoring](../guides/monitoring.md).',
    table(
      ['name', 'type', 'labels', 'meaning'],
      own.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help]),
    ),
  );
}

function operationalErrorsPage(): Page {
  const rows = Object.entries(OPERATIONAL_ERRORS).map(([name, { retryable, doc }]) => [
    code(name),
    retryable ? 'yes' : 'no',
    doc,
  ]);
  return page(
    'operational-errors',
    'Operational errors',
    'Failures of the environment have one of these codes, in the log as `error.code` and in labels of metrics. The receiver answers each with 503 and `Retry-After: 5`. ' +
      'Delivery of alerts retries transient errors with growing pauses; alerts with other errors go to the dead letters of the sink (`firstseen_dead`).',
    table(['code', 'retried', 'what happened'], rows),
  );
}

function statusCodesPage(): Page {
  const answered = [
    ['200', 'All effects of the batch are committed.', '`{"events": n, "quarantined": n}`'],
    ['400', 'The body is not JSON, or not an `audit.k8s.io/v1` EventList.', 'Send an EventList.'],
    ['503', 'The commit failed (operational error). With `Retry-After: 5`.', 'Send it again.'],
    ['500', 'A bug. The process logs it and exits, to be restarted.', 'See the log of firstseen.'],
  ];
  const refused = Object.entries(REFUSALS).map(([reason, { status, error, hint }]) => [
    String(status),
    code(reason),
    error,
    hint.replaceAll('<', '&lt;'),
  ]);
  return page(
    'status-codes',
    'Answers of the receiver',
    'The API server treats every answer but 2xx as a failure, and sends the batch up to five times. It ignores the body, which has `error` and `hint` for people who test with curl.',
    '## After reading the batch',
    table(['status', 'when', 'body or advice'], answered),
    '## Before reading the body',
    'No event of the request is evaluated. `firstseen_requests_refused_total` counts these requests by reason, and also `tls_handshake`, `too_many_connections` and `aborted` (the sender disconnected early). ' +
      'The bounds are settings: `receiver.maxBodyBytes` (64 MiB), `receiver.maxBytesInFlight` (256 MiB), of which each cluster has a [share](../guides/clusters.md#limits).',
    table(['status', 'reason', 'error', 'hint'], refused),
  );
}

/** The values of the chart with the comments above them; both stand in values.yaml. */
function helmValuesPage(): Page {
  const text = readFileSync(path.join(ROOT, 'helm', 'firstseen', 'values.yaml'), 'utf8');
  const rows: string[][] = [];
  const trail: { readonly indent: number; readonly key: string }[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const said = /^\s*# ?(.*)$/.exec(line);
    if (said !== null) {
      const text = said[1] ?? '';
      // A line that is set in stands for itself.
      comment.push(/^\s{2}/.test(text) ? `<br>${text.trim().replace(/\s{2,}/, ': ')}` : text.trim());
      continue;
    }
    const [, space = '', key, value = ''] = /^( *)([\w]+):(?: (.*))?$/.exec(line) ?? [];
    if (key !== undefined) {
      while ((trail.at(-1)?.indent ?? -1) >= space.length) trail.pop();
      trail.push({ indent: space.length, key });
      const at = trail.map((step) => step.key).join('.');
      const doc = comment.join(' ').trim();
      if (value !== '' || doc !== '') rows.push([code(at), value === '' ? '' : code(value), doc]);
    }
    comment = [];
  }
  const known: unknown = parse(text);
  for (const [at = ''] of rows) {
    if (valueAt(known, at.slice(1, -1).split('.')) === undefined) throw new Error(`values.yaml has no ${at}`);
  }
  return page(
    'helm-values',
    'Values of the chart',
    'From `helm/firstseen/values.yaml`; `values.schema.json` refuses unknown names. `config` takes the ' +
      '[configuration](configuration.md), except for what the chart sets itself (addresses, certificate files, the state).',
    table(['value', 'default', 'meaning'], rows),
  );
}

function valueAt(value: unknown, steps: readonly string[]): unknown {
  let below = value;
  for (const step of steps) {
    if (typeof below !== 'object' || below === null) return undefined;
    below = Object.entries(below).find(([key]) => key === step)?.[1];
  }
  return below;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
