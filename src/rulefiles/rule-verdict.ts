import { isEventPath } from '../ecs/event-paths.ts';
import type { Field } from '../ecs/field.ts';
import { FIELDS, resolveField } from '../ecs/fields.ts';
import { PREFIX } from '../ecs/kubernetes-fields.ts';
import { ruleNeeds } from '../policy/rule-needs.ts';
import { nearest } from '../query/nearest.ts';
import { parseQuery } from '../query/parse-query.ts';
import { fieldsOf } from '../query/predicate/fields-of.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleDocument } from '../rules/document.ts';
import { QUERY_FIELDS } from '../rules/find-field.ts';
import type { FileProblem } from './file-problem.ts';
import { foldKnown } from './fold-known.ts';
import type { LoadedRule } from './loaded-rule.ts';

const EVENT_FIELDS = FIELDS.map(({ name }) => name).filter((name) => name.startsWith(PREFIX));

/** The verdicts, from best to worst. */
export const VERDICTS = [
  'runs',
  'runs with a stated difference',
  'needs other data',
  'can never fire',
  'not supported',
  'invalid',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** True if the rule is valid and loads, but no event can make it fire. */
export function neverFires(verdict: Verdict): boolean {
  return verdict === 'needs other data' || verdict === 'can never fire';
}

/** The verdict on one rule; a file that cannot be read counts as one. */
export interface JudgedRule {
  readonly name: string;
  /** As far as it could be read. */
  readonly type?: string;
  readonly file: string;
  readonly line?: number;
  readonly verdict: Verdict;
  /** Empty if it runs; else the difference, the missing data, the construct or the problem, in sentences. */
  readonly why: readonly string[];
  /** Other facts for its author, in sentences. */
  readonly notes: readonly string[];
  readonly problems: readonly FileProblem[];
}

/** The verdict on a rule that compiles. */
export function judgeCompiled(rule: CompiledRule, loaded: LoadedRule): JudgedRule {
  const { document, file } = loaded;
  const never = whyNever(rule, loaded.neverMatches);
  const idle = fieldsOf(rule.predicate).filter(({ neverSet }) => neverSet === true);
  const notes = [
    ...loaded.notes,
    ...idle.map(
      ({ name }) => `${withSuggestion(name)} never has a value on an audit event, so no condition on it can match`,
    ),
    ...(rule.pipeline?.reads ?? [])
      .filter((field) => field.neverSet === true && !idle.includes(field))
      .map(({ name }) => `${withSuggestion(name)} never has a value on an audit event: it is null`),
    ...(rule.sequence !== undefined && hasOverrides(document) ? [OVERRIDES_OF_SEQUENCE] : []),
  ];
  return {
    name: document.name,
    type: document.type,
    file,
    line: loaded.place(['metadata', 'name']).line,
    ...(never === undefined
      ? {
          verdict: loaded.differences.length > 0 ? 'runs with a stated difference' : 'runs',
          why: loaded.differences,
          notes,
        }
      : {
          verdict: never.verdict,
          why: [`can never fire: ${never.why}`],
          notes: [...loaded.notes, ...loaded.differences],
        }),
    problems: [],
  };
}

/** Why a rule that compiles can never fire, whatever an API server sends; undefined if it may. */
export function whyNeverFires(rule: CompiledRule): string | undefined {
  return whyNever(rule, [])?.why;
}

/** The start of a reason about missing data, here and in format readers. */
const NO_SUCH_DATA = 'no audit event has';

/** A wildcard on a number has already become FALSE here. */
const CONTRADICTION =
  'its conditions contradict each other, or use a wildcard on a field that is not text: for 4* write >= 400 and < 500';

const OVERRIDES_OF_SEQUENCE = 'a sequence ignores overrides of severity, risk score and title, as in Elastic';

function hasOverrides({ severityMapping, riskScoreMapping, ruleNameOverride }: RuleDocument): boolean {
  return severityMapping.length > 0 || riskScoreMapping.length > 0 || ruleNameOverride !== undefined;
}

/** Distinguishes rules that no data would help from rules with missing data. */
interface Never {
  readonly verdict: Extract<Verdict, 'needs other data' | 'can never fire'>;
  /** A part of a sentence. */
  readonly why: string;
}

/** Why the rule can never fire, whatever an API server sends; undefined if it may. */
function whyNever(rule: CompiledRule, neverMatches: readonly string[]): Never | undefined {
  if (neverMatches.length > 0) {
    const lacksData = neverMatches.some((reason) => reason.startsWith(NO_SUCH_DATA));
    return { verdict: lacksData ? 'needs other data' : 'can never fire', why: neverMatches.join('; ') };
  }
  for (const [what, condition] of conditionsOf(rule)) {
    const never = whyNeverHolds(condition);
    if (never !== undefined) return { ...never, why: what + never.why };
  }
  if (ruleNeeds(rule).length > 0) return undefined;
  return { verdict: 'can never fire', why: 'no request can meet all conditions of its query' };
}

/** The conditions for the rule to fire: on one event, or on each event of a sequence, with words that name it. */
function conditionsOf({
  document,
  predicate,
  termFields,
  sequence,
}: CompiledRule): readonly (readonly [string, Predicate])[] {
  const query = sequence && parseQuery(document.language, document.query, QUERY_FIELDS);
  if (query?.kind === 'sequence') {
    return query.sequence.items.map(({ predicate: condition, by }, index) => [
      `no event can be number ${index + 1} of its sequence: `,
      withValues(
        condition,
        by.flatMap(({ field, optional }) => (optional ? [] : [field])),
      ),
    ]);
  }
  const terms = termFields.flatMap(({ name }) => resolveField(name) ?? []);
  return [['', withValues(predicate, terms)]];
}

function withValues(predicate: Predicate, fields: readonly Field[]): Predicate {
  return { kind: 'and', operands: [predicate, ...fields.map((field): Predicate => ({ kind: 'exists', field }))] };
}

function whyNeverHolds(condition: Predicate): Never | undefined {
  const folded = foldKnown(condition);
  if (folded.kind !== 'constant' || folded.value) return undefined;
  const fields = fieldsOf(condition);
  const absent = fields.filter(({ neverSet }) => neverSet === true).map(({ name }) => name);
  if (absent.length > 0) {
    return { verdict: 'needs other data', why: `${NO_SUCH_DATA} ${absent.map(withSuggestion).join(', ')}` };
  }
  const same = fields.filter(({ constant }) => constant !== undefined);
  if (same.length === 0) return { verdict: 'can never fire', why: CONTRADICTION };
  const why = same.map(({ name, constant }) => `${name} is always ${constant}`).join(', ');
  return { verdict: 'needs other data', why };
}

/** A misspelt name, not one of other data, with the likely intended one. */
function withSuggestion(name: string): string {
  if (!name.startsWith(PREFIX) || isEventPath(name.slice(PREFIX.length))) return name;
  const meant = nearest(name, EVENT_FIELDS);
  return meant === undefined ? name : `${name} (did you mean ${meant}?)`;
}

/** The verdicts on rules that did not load or compile: the problems of one rule make one verdict. */
export function judgeRefused(problems: readonly FileProblem[]): readonly JudgedRule[] {
  const groups = new Map<string, FileProblem[]>();
  for (const problem of problems) {
    const { file, rule, place } = problem;
    const key = JSON.stringify([file, rule ?? place?.line]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [problem]);
    else group.push(problem);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { file, place, rule, ruleType } = first;
    return [
      {
        name: rule ?? '-',
        ...(ruleType !== undefined && { type: ruleType }),
        file,
        ...(place !== undefined && { line: place.line }),
        verdict: refusal(group),
        why: group.toSorted((a, b) => Number(isAboutData(b)) - Number(isAboutData(a))).map(({ message }) => message),
        notes: [],
        problems: group,
      },
    ];
  });
}

/** Missing data comes first: no later version will change it. */
function refusal(problems: readonly FileProblem[]): Verdict {
  if (problems.some(({ unsupported }) => unsupported === undefined)) return 'invalid';
  return problems.some(isAboutData) ? 'needs other data' : 'not supported';
}

function isAboutData({ unsupported = [] }: FileProblem): boolean {
  return unsupported.some(({ kind }) => kind === 'data');
}
