import { RULE_TYPES } from './document.ts';
import { type DocumentProblem, describeValue, isRecord } from './document-problem.ts';

/** A setting that belongs to one rule type. */
interface Belonging {
  readonly key: string;
  readonly type: string;
  /** True if a rule of the type needs it. */
  readonly needed: boolean;
  /** How it may be written. */
  readonly example: string;
}

const BELONGINGS: readonly Belonging[] = [
  { key: 'newTerms', type: 'new_terms', needed: true, example: '{ fields: [user_agent.original], window: 7d }' },
  { key: 'threshold', type: 'threshold', needed: true, example: '{ field: [user.name], value: 10, window: 5m }' },
  { key: 'window', type: 'eql', needed: false, example: '6m' },
  { key: 'sequenceOrder', type: 'eql', needed: false, example: 'any' },
];

/** Where a window of another name is meant, it is said. */
const WINDOW_HINTS: ReadonlyMap<unknown, string> = new Map([
  ['new_terms', 'write newTerms.window'],
  ['threshold', 'write threshold.window'],
]);

/**
 * What does not fit together in a rule: settings with its type, and its language with its type. Outside of the schema,
 * which stops short of it when a neighbour is wrong.
 */
export function fitProblems(value: unknown): readonly DocumentProblem[] {
  const spec = isRecord(value) && isRecord(value.spec) ? value.spec : {};
  const { type, language } = spec;
  if (!RULE_TYPES.some((known) => known === type)) return [];
  const problems: DocumentProblem[] = [];
  for (const { key, type: owner, needed, example } of BELONGINGS) {
    const path = ['spec', key];
    const isThere = spec[key] !== undefined;
    if (type === owner && needed && !isThere) {
      const message = `missing: a rule of type ${owner} needs ${key}`;
      problems.push({ path, message, hint: `write ${key}: ${example}` });
    }
    if (type !== owner && isThere) {
      const message = `${key} has no meaning for a rule of type ${type}`;
      const hint = (key === 'window' ? WINDOW_HINTS.get(type) : undefined) ?? `write type: ${owner}`;
      problems.push({ path, message, hint, on: 'key' });
    }
  }
  if (type === 'eql' && typeof language === 'string' && language !== 'eql') {
    const message = `a rule of type eql is written in eql, not in ${describeValue(language)}`;
    problems.push({ path: ['spec', 'language'], message, hint: 'leave language out, or write another type' });
  }
  return problems;
}
