import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { QUERY_LANGUAGES, RULE_TYPES, type RuleDocument, type RuleType, SEVERITIES } from '../../src/rules/document.ts';
import { formatDuration } from '../../src/rules/duration.ts';
import { MAX_RULE_NAME_LENGTH } from '../../src/rules/rule-name.ts';
import { detectionRule, parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../../src/rules/rule-schema.ts';
import { type JsonSchema, jsonSchema } from './json-schema.ts';
import { code, type Page, page, table } from './page.ts';

const RESOURCE_DEFINITION = path.join(import.meta.dirname, '../../helm/firstseen/templates/crd-detectionrules.yaml');

/** Where the document has what an optional setting is when it is left out. A setting that is not here has no default. */
const DEFAULTS: Readonly<Record<string, (document: RuleDocument) => unknown>> = {
  enabled: ({ enabled }) => enabled,
  language: ({ language }) => language,
  'newTerms.learning.until': ({ newTerms }) => newTerms && formatDuration(newTerms.learningMicros),
  'threshold.window': ({ threshold }) => threshold && formatDuration(threshold.windowMicros),
  sequenceOrder: ({ sequenceOrder }) => sequenceOrder,
  riskScore: ({ riskScore }) => riskScore,
  buildingBlock: ({ buildingBlock }) => buildingBlock,
  'suppression.window': ({ suppression, newTerms }) =>
    suppression !== undefined && suppression.windowMicros === newTerms?.windowMicros
      ? 'newTerms.window'
      : formatDuration(suppression?.windowMicros ?? 0),
  'suppression.missingFields': ({ suppression }) => suppression?.missingFields,
  'budget.alertsPerHour': ({ budget }) => budget.alertsPerHour,
  'exceptions[].language': ({ exceptions }) => exceptions[0]?.language,
  'exceptions[].lists[].type': ({ exceptions }) => exceptions[0]?.lists?.[0]?.type,
  'exceptions[].lists[].excluded': ({ exceptions }) => exceptions[0]?.lists?.[0]?.excluded,
};

interface Setting {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly doc: string;
}

/** Every setting of a DetectionRule: its shape from the schema that reads it, its meaning from the resource definition. */
export function ruleDocumentPage(): Page {
  const shape = jsonSchema.parse(z.toJSONSchema(detectionRule, { io: 'input', unrepresentable: 'any' }));
  const definition = specOfDefinition();
  const spec = jsonSchema.parse(shape.properties?.spec);
  const settings = settingsOf('', spec, definition);
  const defaults = new Map(Object.entries(DEFAULTS));
  const rows = settings.map(({ path: at, schema, required, doc }) => {
    const usual = defaultOf(defaults.get(at));
    const around = code(at.slice(0, Math.max(0, at.lastIndexOf('.'))));
    const fallback = required ? `required${usual === '' ? '' : `; without ${around}: ${usual}`}` : usual;
    defaults.delete(at);
    return [code(at), typeOf(schema), boundsOf(schema), fallback, doc];
  });
  if (defaults.size > 0) throw new Error(`a rule has no setting ${[...defaults.keys()].join(', ')}`);
  const later = [...missingIn(spec, definition, '')];
  return page(
    'rule-document',
    'The rule document',
    `A rule is a YAML document, or a resource in the cluster, with \`apiVersion: ${RULE_API_VERSION}\`, \`kind: ${RULE_KIND}\`, ` +
      `a unique \`metadata.name\` (lower-case letters, digits, \`-\` and \`.\`, at most ${MAX_RULE_NAME_LENGTH} characters) and \`spec\`. ` +
      'A file may hold several documents, separated by `---`. Unknown settings are errors. How to write one: [rules](../guides/rules.md).',
    `Rule types: ${RULE_TYPES.map(code).join(', ')}. Languages: ${QUERY_LANGUAGES.map(code).join(', ')}. A duration is a whole number and one of ` +
      '`us` `ms` `s` `m` `h` `d` `w`, such as `36h`. [Fields](fields.md) lists the event fields.',
    '## `spec`',
    '`[]` marks the items of a list; a required setting there is required in each item.',
    table(['setting', 'type', 'bounds', 'default', 'meaning'], rows),
    '## Rules across settings',
    table(
      ['where', 'rule'],
      validationsOf('', definition).map(({ at, message }) => [at === '' ? '`spec`' : code(at), message]),
    ),
    ...(later.length === 0
      ? []
      : [
          '## Not yet',
          `The resource definition reserves these for later versions; this version refuses rules that use them: ${later.map(code).join(', ')}.`,
        ]),
  );
}

interface Definition {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly items?: Definition;
  readonly enum?: readonly unknown[];
  readonly 'x-kubernetes-validations'?: readonly { readonly message: string }[];
}

/** The template is YAML but for lines of Helm's own. */
function specOfDefinition(): Definition {
  const text = readFileSync(RESOURCE_DEFINITION, 'utf8');
  const yaml: unknown = parse(text.replace(/^.*\{\{.*\n/gm, ''));
  const found = ['spec', 'versions', '0', 'schema', 'openAPIV3Schema', 'properties', 'spec'].reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
    yaml,
  );
  if (typeof found !== 'object' || found === null) throw new Error('the resource definition has no schema of spec');
  return found;
}

function settingsOf(at: string, schema: JsonSchema, definition: Definition): readonly Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const below = jsonSchema.parse(value);
    const name = at === '' ? key : `${at}.${key}`;
    const described = definition.properties?.[key];
    if (described?.description === undefined) throw new Error(`the resource definition does not describe ${name}`);
    const required = schema.required?.includes(key) === true;
    const items = below.items === undefined ? undefined : jsonSchema.parse(below.items);
    return [
      { path: name, schema: below, required, doc: described.description },
      ...settingsOf(name, below, described),
      ...(items?.properties === undefined ? [] : settingsOf(`${name}[]`, items, described.items ?? {})),
    ];
  });
}

/** What the resource definition allows and the schema does not. */
function* missingIn(schema: JsonSchema, definition: Definition, at: string): Generator<string> {
  for (const value of definition.enum ?? []) if (schema.enum?.includes(value) === false) yield `${at}: ${value}`;
  for (const [key, described] of Object.entries(definition.properties ?? {})) {
    const name = at === '' ? key : `${at}.${key}`;
    const below = schema.properties?.[key];
    if (below === undefined) yield name;
    else yield* missingIn(jsonSchema.parse(below), described, name);
  }
  if (definition.items !== undefined && schema.items !== undefined)
    yield* missingIn(jsonSchema.parse(schema.items), definition.items, `${at}[]`);
}

function validationsOf(
  at: string,
  definition: Definition,
): readonly { readonly at: string; readonly message: string }[] {
  return [
    ...(definition['x-kubernetes-validations'] ?? []).map(({ message }) => ({ at, message })),
    ...Object.entries(definition.properties ?? {}).flatMap(([key, below]) =>
      validationsOf(at === '' ? key : `${at}.${key}`, below),
    ),
    ...(definition.items === undefined ? [] : validationsOf(`${at}[]`, definition.items)),
  ];
}

function typeOf(schema: JsonSchema): string {
  const { type, enum: choices, format } = schema;
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  if (format === 'duration') return 'duration';
  if (format === 'date-time') return 'time in RFC 3339, or date';
  if (format === 'audit-event') return 'audit event';
  switch (type) {
    case 'array': {
      const items = jsonSchema.parse(schema.items ?? {});
      return items.properties === undefined ? `list of ${typeOf(items)}s` : 'list';
    }
    case 'object':
      return 'mapping';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return 'whole number';
    case 'string':
      return 'text';
    default:
      throw new Error(`a setting of a type without a word for it: ${JSON.stringify(schema)}`);
  }
}

function boundsOf(schema: JsonSchema): string {
  const { bounds, pattern, minimum, maximum, minItems, maxItems, maxLength } = schema;
  if (bounds !== undefined) return bounds;
  if (pattern !== undefined) return code(pattern);
  if (minimum !== undefined || maximum !== undefined)
    return `${(minimum ?? 0).toLocaleString('en')} to ${maximum?.toLocaleString('en') ?? 'any'}`;
  if (maxLength !== undefined) return `${maxLength.toLocaleString('en')} characters`;
  if (maxItems === undefined) return '';
  const each = boundsOf(jsonSchema.parse(schema.items ?? {}));
  return `${minItems ?? 0} to ${maxItems.toLocaleString('en')}${each === '' ? '' : `, each ${each}`}`;
}

/** What the reader of rules makes of a rule that does not say; where it depends on the severity or on the type, for each. */
function defaultOf(read: ((document: RuleDocument) => unknown) | undefined): string {
  if (read === undefined) return '';
  const types = RULE_TYPES.filter((type) => read(minimal(type, 'high')) !== undefined);
  const bySeverity = SEVERITIES.map((severity) => ({
    key: severity,
    value: read(minimal(types[0] ?? 'query', severity)),
  }));
  const byType = types.map((type) => ({ key: type, value: read(minimal(type, 'high')) }));
  if (types.length === 0) throw new Error('a default that no rule type has');
  return [bySeverity, byType].map(inWords).find((text) => text.includes(':')) ?? inWords(byType);
}

function inWords(cases: readonly { readonly key: string; readonly value: unknown }[]): string {
  const keysOf = new Map<string, string[]>();
  for (const { key, value } of cases) keysOf.set(String(value), [...(keysOf.get(String(value)) ?? []), key]);
  if (keysOf.size === 1) return [...keysOf.keys()].map(code).join();
  return [...keysOf].map(([value, keys]) => `${keys.join(', ')}: ${code(value)}`).join('; ');
}

/** A rule that has only what a rule of its kind cannot do without, and once of each what has defaults inside. */
function minimal(type: RuleType, severity: string): RuleDocument {
  const kind: string = type;
  const parsed = parseDetectionRule({
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    metadata: { name: 'minimal' },
    spec: {
      title: 'minimal',
      type,
      query: 'x',
      severity,
      ...(kind === 'new_terms' && { newTerms: { fields: ['user.name'], window: '13d' } }),
      ...(kind === 'threshold' && { threshold: { value: 1 } }),
      suppression: { by: ['user.name'] },
      exceptions: [{ query: 'x', reason: 'x', lists: [{ field: 'user.name', values: [] }] }],
    },
  });
  if (parsed.kind === 'ok') return parsed.document;
  throw new Error(JSON.stringify(parsed.problems));
}
