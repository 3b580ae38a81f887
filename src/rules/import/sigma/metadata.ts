import { nearest } from '../../../query/nearest.ts';
import { type DocumentPath, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { RULE_BOUNDS } from '../../rule-schema.ts';
import { type Findings, note, refuse } from './findings.ts';
import { readTags } from './threats.ts';

type Values = Readonly<Record<string, unknown>>;

/** Severity and risk score of a level. Elastic's scores; `informational` has the lowest above zero. */
export const SIGMA_LEVELS: readonly {
  readonly level: string;
  readonly severity: string;
  readonly riskScore: number;
}[] = [
  { level: 'informational', severity: 'low', riskScore: 1 },
  { level: 'low', severity: 'low', riskScore: 21 },
  { level: 'medium', severity: 'medium', riskScore: 47 },
  { level: 'high', severity: 'high', riskScore: 73 },
  { level: 'critical', severity: 'critical', riskScore: 99 },
];
const DEFAULT_LEVEL = 'low';
const STATUSES = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];
const OFF = ['deprecated', 'unsupported'];

/** Keys of a Sigma document that have another name in `spec`. */
const SIGMA_NAMES: ReadonlyMap<string, string> = new Map([
  ['riskScore', 'level'],
  ['severity', 'level'],
  ['falsePositives', 'falsepositives'],
  ['threat', 'tags'],
  ['enabled', 'status'],
]);

/** Keys that are read elsewhere or go into the triage text. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['title', 'id', 'name', 'status', 'description', 'references', 'falsepositives', 'level', 'tags'],
  ...['logsource', 'detection', 'correlation', 'generate', 'taxonomy'],
  ...['author', 'date', 'modified', 'license', 'related', 'fields'],
]);

/** The key of a Sigma document behind a key of `spec`. */
export function metadataKey(key: string): string {
  return SIGMA_NAMES.get(key) ?? key;
}

/**
 * The metadata of a rule or correlation as settings of `spec`; validated later where a validator sees them. `levels`
 * are those of the rules in a correlation: without its own level, it takes the highest.
 */
export function readMetadata(rule: Values, findings: Findings, levels: readonly unknown[] = []): Values {
  if (typeof rule.title !== 'string' || rule.title.trim() === '') {
    const path = rule.title === undefined ? [] : ['title'];
    const message =
      rule.title === undefined ? 'missing: title' : `expected a title, found ${describeValue(rule.title)}`;
    findings.problems.push({ path, message });
  }
  if (rule.taxonomy !== undefined && rule.taxonomy !== 'sigma') {
    const name = quoteName(String(rule.taxonomy));
    refuse(
      findings,
      'taxonomy',
      ['taxonomy'],
      `taxonomy ${name} is not supported: its field names are not those of Sigma`,
    );
  }
  for (const key of Object.keys(rule)) {
    if (!KNOWN.has(key)) note(findings, `${quoteName(key)} is ignored`);
  }
  const { threat, tags } = readTags(texts(rule.tags, ['tags'], findings));
  return {
    title: cut(rule.title, RULE_BOUNDS.title, 'title', findings),
    description: cut(trimmed(rule.description), RULE_BOUNDS.description, 'description', findings),
    id: rule.id,
    ...readStatus(rule.status, findings),
    ...readLevel(rule.level, levels, findings),
    threat,
    tags,
    references: texts(rule.references, ['references'], findings),
    falsePositives: texts(rule.falsepositives, ['falsepositives'], findings),
    triage: triageOf(rule),
  };
}

function readStatus(status: unknown, findings: Findings): Values {
  if (status === undefined || status === null) return {};
  if (typeof status !== 'string' || !STATUSES.includes(status)) {
    findings.problems.push({ path: ['status'], ...expectedOneOf(STATUSES, status) });
    return {};
  }
  if (!OFF.includes(status)) return {};
  note(findings, `its status is ${status}, so it is disabled`);
  return { enabled: false };
}

function readLevel(said: unknown, levels: readonly unknown[], findings: Findings): Values {
  const highest = SIGMA_LEVELS.findLast((row) => levels.includes(row.level))?.level;
  const level = said ?? highest ?? DEFAULT_LEVEL;
  if (said === undefined || said === null) {
    const whose = highest === undefined ? '' : ', the highest of its rules,';
    note(findings, `it has no level; ${level}${whose} is assumed`);
  }
  const known = SIGMA_LEVELS.find((row) => row.level === level);
  if (known === undefined) {
    const names = SIGMA_LEVELS.map((row) => row.level);
    findings.problems.push({ path: ['level'], ...expectedOneOf(names, level) });
    return { severity: DEFAULT_LEVEL };
  }
  const { severity, riskScore } = known;
  if (level !== 'informational') return { severity, riskScore };
  note(findings, 'its level is informational: its alerts are recorded but not shown to people (buildingBlock)');
  return { severity, riskScore, buildingBlock: true };
}

/** Notes by the rule's author that have no setting of their own here. */
function triageOf(rule: Values): string | undefined {
  const { logsource, related } = rule;
  const lines = [
    ['Author', rule.author],
    ['Date', [rule.date, rule.modified === undefined ? undefined : `modified ${rule.modified}`]],
    ['License', rule.license],
    ['Status', rule.status],
    ['Log source', isRecord(logsource) ? logsource.definition : undefined],
    ['Fields to look at', rule.fields],
    [
      'Related rules',
      Array.isArray(related) ? related.map((of) => (isRecord(of) ? `${of.id} (${of.type})` : String(of))) : undefined,
    ],
  ].flatMap(([label, value]) => {
    const parts = (Array.isArray(value) ? value : [value]).filter((part) => part !== undefined && part !== null);
    return parts.length === 0 ? [] : [`${label}: ${parts.map((part) => String(part).trim()).join(', ')}`];
  });
  return lines.length === 0 ? undefined : ['A Sigma rule.', ...lines].join('\n').slice(0, RULE_BOUNDS.triage);
}

/** A list of texts; a single text is allowed. */
function texts(value: unknown, path: DocumentPath, findings: Findings): readonly string[] {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item, index) => {
    if (typeof item === 'string') return item.trim() === '' ? [] : [item.trim()];
    const at = Array.isArray(value) ? [...path, index] : path;
    findings.problems.push({ path: at, message: `expected text, found ${describeValue(item)}` });
    return [];
  });
}

function cut(value: unknown, bound: number, name: string, findings: Findings): unknown {
  if (typeof value !== 'string' || value.length <= bound) return value;
  note(findings, `its ${name} is cut after ${bound} characters`);
  return value.slice(0, bound);
}

function expectedOneOf(names: readonly string[], found: unknown) {
  const near = typeof found === 'string' ? nearest(found, names) : undefined;
  return {
    message: `expected one of ${names.join(', ')}, found ${describeValue(found)}`,
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  };
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}
