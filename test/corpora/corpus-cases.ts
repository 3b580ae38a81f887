import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Events that others recorded or made up, with what their rules say of them. They are no part of the project, and may be absent. */
export const CORPORA = fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
export const hasCorpora = existsSync(CORPORA);

/** One event, and whether the rule that it belongs to is to alert on it. */
export interface CorpusCase {
  readonly corpus: 'panther' | 'falco';
  /** The name of their rule. */
  readonly about: string;
  readonly name: string;
  readonly expected: boolean;
  /** Raw audit events; none if the log is of another service and cannot be read as one. */
  readonly events: readonly unknown[];
}

const record = z.record(z.string(), z.unknown());
const pantherLine = z.object({ rule: z.string(), test: z.string(), expected: z.boolean(), log: record });
const falcoTest = z.object({
  trace: z.string(),
  detect: z.boolean(),
  rules: z.array(z.string()),
  rules_files: z.array(z.string()),
});
const azure = z.object({ properties: z.object({ log: z.string() }) });
const google = z.object({
  protoPayload: z.looseObject({
    methodName: z.string(),
    resourceName: z.string().optional(),
    request: z.unknown().optional(),
    response: z.unknown().optional(),
    status: z.object({ code: z.int().optional() }).optional(),
    authenticationInfo: z.object({ principalEmail: z.string().optional() }).optional(),
    requestMetadata: z
      .object({
        callerIp: z.string().optional(),
        callerIP: z.string().optional(),
        callerSuppliedUserAgent: z.string().optional(),
      })
      .optional(),
  }),
});

/** Panther's tests, in the order of the files. */
export function pantherCases(): readonly CorpusCase[] {
  return globSync('panther-analysis/*.ndjson', { cwd: CORPORA })
    .sort()
    .flatMap((file) => lines(file))
    .map((line): CorpusCase => {
      const { rule, test, expected, log } = pantherLine.parse(JSON.parse(line));
      const event = auditEventOf(log);
      return { corpus: 'panther', about: rule, name: test, expected, events: event === undefined ? [] : [event] };
    });
}

/** Falco's traces: each once for every rule that is to fire on it, or once if none is under the rules as they are shipped. */
export function falcoCases(): readonly CorpusCase[] {
  const tests = z.array(falcoTest).parse(JSON.parse(readFileSync(join(CORPORA, 'falco/expectations.json'), 'utf8')));
  const shipped = tests.filter(({ rules_files }) =>
    ['k8s_audit_rules.yaml', 'disallow_kactivity.yaml'].includes(rules_files.at(-1) ?? ''),
  );
  const cases = shipped.map(({ trace, detect, rules }): CorpusCase => {
    const events = traceOf(trace);
    return {
      corpus: 'falco',
      about: rules.join(', ') || 'nothing',
      name: basename(trace, '.json'),
      expected: detect,
      events,
    };
  });
  return [...new Map(cases.map((each) => [`${each.about} ${each.name}`, each])).values()];
}

function lines(file: string): readonly string[] {
  return readFileSync(join(CORPORA, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Events of the version that Kubernetes 1.24 removed are read as those of today, from which they differ in nothing that rules read. */
function traceOf(trace: string): readonly unknown[] {
  const file = join('falco/k8s_audit', trace);
  const documents = documentsOf(readFileSync(join(CORPORA, file), 'utf8'), file);
  return documents.flatMap((document) => {
    const parsed = record.parse(document);
    const items = Array.isArray(parsed.items) ? parsed.items : [parsed];
    return items.map((item: unknown) => ({ ...record.parse(item), apiVersion: 'audit.k8s.io/v1' }));
  });
}

function documentsOf(content: string, file: string): readonly unknown[] {
  try {
    return [JSON.parse(content)];
  } catch {
    return lines(file).map((line): unknown => JSON.parse(line));
  }
}

/** An audit event out of what a cloud makes of it: EKS hands it on, AKS wraps its text, GKE has fields of its own for much of it. */
function auditEventOf(log: Readonly<Record<string, unknown>>): unknown {
  if (log.kind === 'Event' || (log.verb !== undefined && log.objectRef !== undefined)) return log;
  const wrapped = azure.safeParse(log);
  if (wrapped.success) return JSON.parse(wrapped.data.properties.log);
  const entry = google.safeParse(log);
  return entry.success ? fromGoogle(entry.data.protoPayload, log) : undefined;
}

/** Google's codes are those of gRPC. */
const CODES: ReadonlyMap<number, number> = new Map([
  [5, 404],
  [6, 409],
  [7, 403],
  [10, 409],
]);

/**
 * @see https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging: `io.k8s.core.v1.pods.exec.create`,
 * `core/v1/namespaces/NS/pods/NAME/exec`
 */
function fromGoogle(
  payload: z.infer<typeof google>['protoPayload'],
  { authorizationInfo }: Readonly<Record<string, unknown>>,
): unknown {
  const { methodName, request, response, status, authenticationInfo, requestMetadata } = payload;
  const words = methodName.split('.');
  const verb = words.at(-1) ?? '';
  const place = words.findIndex((word) => /^v\d/.test(word));
  const [resource = '', subresource] = words.slice(place + 1, -1);
  const [granted] = z
    .array(z.object({ resource: z.string().optional(), granted: z.boolean().optional() }))
    .catch([])
    .parse(payload.authorizationInfo ?? authorizationInfo);
  const path = (payload.resourceName ?? granted?.resource ?? '').split('/');
  const after = (word: string) => (path.includes(word) ? path[path.indexOf(word) + 1] : undefined);
  const address = requestMetadata?.callerIp ?? requestMetadata?.callerIP;
  return {
    verb,
    user: { username: authenticationInfo?.principalEmail ?? 'somebody' },
    ...(address === undefined ? {} : { sourceIPs: [address] }),
    userAgent: requestMetadata?.callerSuppliedUserAgent,
    objectRef: {
      resource,
      subresource,
      namespace: after('namespaces'),
      name: after(resource),
      apiGroup: path[0] === 'core' ? '' : path[0],
    },
    responseStatus: {
      code: granted?.granted === false ? 403 : (CODES.get(status?.code ?? 0) ?? (subresource === 'exec' ? 101 : 200)),
    },
    requestObject: request,
    responseObject: response,
  };
}
