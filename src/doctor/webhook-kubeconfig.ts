import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parserMessage } from '../rulefiles/file-problem.ts';
import { readFailure } from '../rulefiles/find-rule-files.ts';
import { CannotCheck } from './finding.ts';
import type { GivenFile, Subject } from './subject.ts';

/** A certificate or key, embedded in the file or read from a path in it. */
export type Material =
  | { readonly kind: 'absent' }
  | { readonly kind: 'pem'; readonly pem: string }
  /** The path is not on this machine. */
  | { readonly kind: 'unread'; readonly file: string; readonly reason: string };

/** What the API server reads from its webhook kubeconfig, as far as firstseen is concerned. */
export interface WebhookKubeconfig {
  readonly file: string;
  /** Names of the current context's entries, for commands that change them. */
  readonly clusterName: string;
  readonly userName: string;
  readonly server: URL;
  /** The name that the receiver's certificate must have: an address or a DNS name, without brackets. */
  readonly serverName: string;
  readonly insecure: boolean;
  readonly ca: Material;
  readonly cert: Material;
  readonly key: Material;
  readonly token: Material;
}

export type ParsedKubeconfig =
  | { readonly kind: 'ok'; readonly webhook: WebhookKubeconfig }
  | { readonly kind: 'invalid'; readonly problem: string };

/** The parts of clientcmd's Config that matter here: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const text = z.string().default('');
const kubeconfigSchema = z.object({
  'current-context': text,
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: text }) })).default([]),
  clusters: z
    .array(
      z.object({
        name: z.string(),
        cluster: z.object({
          server: z.string(),
          'tls-server-name': text,
          'insecure-skip-tls-verify': z.boolean().default(false),
          'certificate-authority': text,
          'certificate-authority-data': text,
        }),
      }),
    )
    .default([]),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z
          .object({
            'client-certificate': text,
            'client-certificate-data': text,
            'client-key': text,
            'client-key-data': text,
            token: text,
            tokenFile: text,
            exec: z.looseObject({}).nullish(),
          })
          .nullish(),
      }),
    )
    .default([]),
});

const MOST_ALIASES = 20;
const GIVE_IT = 'firstseen doctor --webhook-kubeconfig webhook.yaml    # the file of --audit-webhook-config-file';

/** The given kubeconfig. @throws CannotCheck if there is none, or it is not usable */
export function givenWebhook({ webhookKubeconfig }: Subject): WebhookKubeconfig {
  if (webhookKubeconfig === undefined) throw new CannotCheck("the webhook's kubeconfig is not given", GIVE_IT);
  const parsed = parseWebhookKubeconfig(webhookKubeconfig);
  if (parsed.kind === 'ok') return parsed.webhook;
  throw new CannotCheck(
    "the webhook's kubeconfig is not usable",
    'fix the findings of webhook-kubeconfig, and run doctor again',
  );
}

/** Reads the file as kube-apiserver does at its start. Relative paths in it start at its folder. */
export function parseWebhookKubeconfig({ name: file, text: source }: GivenFile): ParsedKubeconfig {
  const invalid = (problem: string): ParsedKubeconfig => ({ kind: 'invalid', problem: `${file}: ${problem}` });
  const document = parseDocument(source, { prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) return invalid(`expected YAML: ${parserMessage(broken.message)}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    return invalid(parserMessage(String(error)));
  }
  const parsed = kubeconfigSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return invalid(
      `expected a kubeconfig: ${issue?.path.join('.') || 'the file'}: ${parserMessage(issue?.message ?? '')}`,
    );
  }
  const { contexts, clusters, users, 'current-context': current } = parsed.data;
  const context = contexts.find(({ name }) => name === current)?.context;
  if (context === undefined)
    return invalid(`expected current-context to name one of contexts, found ${JSON.stringify(current)}`);
  const cluster = clusters.find(({ name }) => name === context.cluster)?.cluster;
  if (cluster === undefined) return invalid(`expected a cluster named ${JSON.stringify(context.cluster)} in clusters`);
  const server = URL.parse(cluster.server);
  if (server === null || !/^https?:$/.test(server.protocol)) {
    return invalid(
      `expected a URL such as https://10.96.0.20:443/audit in server, found ${JSON.stringify(cluster.server)}`,
    );
  }
  const user = users.find(({ name }) => name === context.user)?.user;
  const material = (data: string | undefined, path: string | undefined) => materialOf(file, data ?? '', path ?? '');
  const token = user?.token ?? '';
  return {
    kind: 'ok',
    webhook: {
      file,
      clusterName: context.cluster,
      userName: context.user,
      server,
      serverName: cluster['tls-server-name'] || server.hostname.replace(/^\[|\]$/g, ''),
      insecure: cluster['insecure-skip-tls-verify'],
      ca: material(cluster['certificate-authority-data'], cluster['certificate-authority']),
      cert: material(user?.['client-certificate-data'], user?.['client-certificate']),
      key: material(user?.['client-key-data'], user?.['client-key']),
      token: tokenOf(token, user?.exec != null, material('', user?.tokenFile)),
    },
  };
}

function tokenOf(token: string, plugin: boolean, file: Material): Material {
  if (token !== '') return { kind: 'pem', pem: token };
  return plugin ? { kind: 'unread', file: 'an exec plugin', reason: 'doctor does not run it' } : file;
}

/** Embedded data wins over a path, as in clientcmd; a relative path starts at the kubeconfig's folder. */
function materialOf(kubeconfig: string, data: string, path: string): Material {
  if (data !== '') return { kind: 'pem', pem: Buffer.from(data, 'base64').toString('utf8') };
  if (path === '') return { kind: 'absent' };
  const file = isAbsolute(path) ? path : join(dirname(kubeconfig), path);
  try {
    return { kind: 'pem', pem: readFileSync(file, 'utf8') };
  } catch (error) {
    return { kind: 'unread', file, reason: readFailure(error) };
  }
}

export function pemOf(material: Material): string | undefined {
  return material.kind === 'pem' ? material.pem : undefined;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in PEM text; undefined if there is none or one is broken. */
export function certificatesOf(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(PEM_CERTIFICATE) ?? [];
  try {
    return blocks.length === 0 ? undefined : blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}
