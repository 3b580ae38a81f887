import { z } from 'zod';
import { parseJson } from '../../audit/parse-json.ts';
import { excerpt } from '../../audit/text.ts';
import { ALERT_API_VERSION, ALERT_BOUNDS } from '../../kubernetes/alert-resource.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, unchecked, warning } from '../finding.ts';
import type { Subject } from '../subject.ts';

const GROUP = 'firstseen.dev';
const CRD = `alerts.${GROUP}`;
const INSTALL = 'helm upgrade firstseen helm/firstseen -n firstseen --reuse-values --set crds.enabled=true';
const MOST_NAMED = 5;
const MAX_TEXT_BYTES = 200;

/** Aggregated discovery, since Kubernetes 1.27: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const discoverySchema = z.object({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().default('') }).default({ name: '' }),
      versions: z.array(
        z.object({ version: z.string(), resources: z.array(z.object({ resource: z.string() })).default([]) }),
      ),
    }),
  ),
});

/** The part of a schema that is compared. */
interface Schema {
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
}
const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    items: schemaSchema.optional(),
  }),
);
const openApiSchema = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) });
const crdSchema = z.object({
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
      .default([]),
  }),
});

/** Whether Alert is defined as this version writes it, and whether another product has a resource of the same name. */
export const resourcesCheck: Check = {
  name: 'resources',
  async run(subject) {
    const kubernetes = subject.known('kubernetes');
    if (kubernetes !== undefined && !(kubernetes.enabled && kubernetes.alerts.enabled)) {
      return [ok('firstseen writes no Alert resources (kubernetes.enabled, kubernetes.alerts.enabled)')];
    }
    const { status, text } = await (await subject.api()).ask({ path: `/apis/${ALERT_API_VERSION}` });
    if (status !== 200) return [await notServed(subject, status)];
    if (!text.includes('"alerts"')) return [await notServed(subject, 404)];
    return [...(await fields(subject)), ...(await namesakes(subject))];
  },
};

async function notServed(subject: Subject, status: number): Promise<Finding> {
  if (status !== 404) {
    throw new CannotCheck(
      `the API server did not answer whether it serves ${ALERT_API_VERSION} (${status})`,
      `kubectl get crd ${CRD}`,
    );
  }
  const api = await subject.api();
  const definition = await api.ask({ path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD}` });
  const parsed = crdSchema.safeParse(parseJson(definition.text));
  const refused = parsed.success
    ? parsed.data.status.conditions.find(
        ({ type, status }) => (type === 'Established' || type === 'NamesAccepted') && status !== 'True',
      )
    : undefined;
  if (definition.status === 200) {
    return failure(
      `${CRD} is installed, but ${ALERT_API_VERSION} is not served${refused === undefined ? '' : `: ${refused.type} is ${refused.status}: ${excerpt(refused.message, MAX_TEXT_BYTES)}`}`,
      { why: 'firstseen cannot write alerts; they wait', mend: INSTALL },
    );
  }
  return failure(`the resource ${CRD} is not installed`, {
    why: 'firstseen cannot write alerts; they wait',
    mend: INSTALL,
  });
}

async function fields(subject: Subject): Promise<readonly Finding[]> {
  const { status, text } = await (await subject.api()).ask({ path: `/openapi/v3/apis/${ALERT_API_VERSION}` });
  const parsed = openApiSchema.safeParse(parseJson(text));
  const found = parsed.success
    ? Object.entries(parsed.data.components.schemas).find(([name]) => name.endsWith('.Alert'))
    : undefined;
  const schema = schemaSchema.safeParse(found?.[1]);
  if (!schema.success) {
    return [unchecked(`the schema of ${CRD} could not be read (${status})`, `kubectl explain alerts.${GROUP}.spec`)];
  }
  const wrong = Object.entries(ALERT_BOUNDS).flatMap(([path, bound]) => differs(schema.data, path, bound) ?? []);
  if (wrong.length === 0)
    return [ok(`${ALERT_API_VERSION} is served with every field that firstseen ${subject.version} writes`)];
  const more = wrong.length > MOST_NAMED ? ` and ${wrong.length - MOST_NAMED} more` : '';
  return [
    failure(`${CRD} is older than firstseen ${subject.version}: ${wrong.slice(0, MOST_NAMED).join(', ')}${more}`, {
      why: 'the API server drops the fields it does not know, or rejects the alert for good',
      mend: INSTALL,
    }),
  ];
}

/** Says how the schema differs from what firstseen writes at a path of ALERT_BOUNDS. */
function differs(root: Schema, path: string, bound: number): string | undefined {
  let schema: Schema | undefined = root;
  for (const step of path.split('.')) {
    schema = schema?.properties?.[step.replace('[]', '')];
    if (step.endsWith('[]')) schema = schema?.items;
  }
  if (schema === undefined) return `${path} is missing`;
  const most = schema.maxLength ?? schema.maxItems;
  return most !== undefined && most < bound ? `${path} allows at most ${most}, not ${bound}` : undefined;
}

async function namesakes(subject: Subject): Promise<readonly Finding[]> {
  const { text } = await (await subject.api()).ask({ path: '/apis', accept: DISCOVERY });
  const parsed = discoverySchema.safeParse(parseJson(text));
  if (!parsed.success)
    return [
      unchecked(
        'other products may have a resource named alerts: the API groups could not be listed',
        'kubectl api-resources | grep -w alerts',
      ),
    ];
  const others = parsed.data.items
    .filter(
      ({ metadata, versions }) =>
        metadata.name !== GROUP &&
        versions.some(({ resources }) => resources.some(({ resource }) => resource === 'alerts')),
    )
    .map(({ metadata }) => excerpt(metadata.name, MAX_TEXT_BYTES));
  return others.map((group) => {
    // All groups of custom resources have the same priority, so the group that sorts first wins.
    const wins = group < GROUP ? group : GROUP;
    return warning(`${group} has a resource named alerts too: kubectl get alerts shows those of ${wins}`, {
      why: 'people look at the wrong resource and think there are no alerts',
      mend: `kubectl get alerts.${GROUP}\nkubectl get alerts.${group} -A`,
    });
  });
}
