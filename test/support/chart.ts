import { parseAllDocuments } from 'yaml';
import { type ApiAnswer, type ApiServer, startApiServer } from './api-server.ts';
import { outputOf } from './child-process.ts';
import { sampleAlert } from './sample-alert.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { ensureTool } from './tools.ts';

export const CHART = 'helm/firstseen';
/** Certificates of one's own, which a rendering needs that cannot look into a cluster. */
export const REQUIRED = ['--set', 'tls.mode=existingSecret,tls.existingSecret=firstseen-tls'] as const;
export const NAMESPACE = 'firstseen';
/** The service account that the chart makes. */
export const ACCOUNT = 'system:serviceaccount:firstseen:firstseen';

const ALERTS = '/apis/firstseen.dev/v1alpha1/alerts';
const USER_AGENT = 'firstseen/0.1.0';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** Runs Helm without a cluster and gives its stdout. @throws Error with what it wrote. */
export async function helm(...args: readonly string[]): Promise<string> {
  const folder = createTemporaryFolder('helm');
  const xdg = { XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined };
  return outputOf(await ensureTool('helm'), args, { env: { ...xdg, HOME: folder, KUBECONFIG: undefined } });
}

/** What the chart makes of these further arguments of `helm template`. */
export async function renderChart(...args: readonly string[]): Promise<readonly Manifest[]> {
  return parseManifests(await helm('template', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED, ...args));
}

export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
    const value: unknown = document.toJS();
    return value === null ? [] : [value as Manifest];
  });
}

/** As much of a structural schema as the chart uses. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
}

interface Definition extends Manifest {
  readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }] };
}

/** The schema of every resource that the chart defines. */
export async function renderedSchemas(): Promise<readonly { readonly manifest: Manifest; readonly schema: Schema }[]> {
  const definitions = (await renderChart()).filter(({ kind }) => kind === 'CustomResourceDefinition') as Definition[];
  return definitions.map((manifest) => ({ manifest, schema: manifest.spec.versions[0].schema.openAPIV3Schema }));
}

/** An API server with the namespace that the chart goes into. */
export async function startChartServer(): Promise<ApiServer> {
  const server = await startApiServer({ auditPolicyFile: 'deploy/audit-policy.yaml' });
  await server.kubectl('create', 'namespace', NAMESPACE);
  return server;
}

/** Installs the chart, waits for its resources and gives its notes. */
export async function installChart(server: ApiServer): Promise<string> {
  const notes = await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  for (const name of ['alerts', 'detectionrules', 'ruleexceptions']) {
    await server.kubectl('wait', '--for=condition=Established', `crd/${name}.firstseen.dev`, '--timeout=30s');
  }
  return notes;
}

/** A token of the service account that the chart makes, bound to this pod if one is named. */
export async function accountToken(server: ApiServer, pod?: string): Promise<string> {
  const bound = pod === undefined ? [] : ['--bound-object-kind', 'Pod', '--bound-object-name', pod];
  return (await server.kubectl('-n', NAMESPACE, 'create', 'token', 'firstseen', ...bound)).trim();
}

/** Writes and reads alerts as firstseen does. */
export interface AlertClient {
  create(alert: object): Promise<ApiAnswer>;
  read(name: string): Promise<ApiAnswer>;
  patchStatus(name: string, status: unknown): Promise<ApiAnswer>;
}

export function alertClient(server: ApiServer, token: string): AlertClient {
  const call = (path: string, method: string, type: string, body: unknown) =>
    server.request(`${ALERTS}${path}`, {
      method,
      token,
      userAgent: USER_AGENT,
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    });
  return {
    create: (alert) => call('', 'POST', 'application/json', alert),
    read: (name) => server.request(`${ALERTS}/${name}`, { token, userAgent: USER_AGENT }),
    patchStatus: (name, status) => call(`/${name}/status`, 'PATCH', 'application/merge-patch+json', { status }),
  };
}

/** The sample alert as a manifest with every kind of part, and a part of its spec replaced. */
export function alertNamed(name: string, spec: object = {}): object {
  return {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'Alert',
    metadata: { name, labels: { 'firstseen.dev/severity': 'medium' } },
    spec: {
      ...sampleAlert().spec,
      rule: { name: 'anonymous-request-unusual-agent', title: 'Anonymous request', type: 'new_terms', version: '1' },
      threat: [
        { tactic: { id: 'TA0001', name: 'Initial Access' }, technique: { id: 'T1078.001', name: 'Default Accounts' } },
      ],
      display: {
        user: 'system:anonymous',
        action: 'list pods',
        object: 'default',
        source: '203.0.113.7',
        newTerm: 'masscan/1.3',
      },
      ...spec,
    },
  };
}
