import { RULE_TYPES } from './document.ts';
import { type DocumentProblem, describeValue, isRecord } from './document-problem.ts';

/** A setting that belongs to rules of some types. */
interface Belonging {
  readonly key: string;
  readonly types: readonly string[];
  /** True if a rule of these types needs it. */
  readonly needed: boolean;
  /** How it may be written. */
  readonly example: string;
}

const BELONGINGS: readonly Belonging[] = [
  { key: 'newTerms', types: ['new_terms'], needed: true, example: '{ fields: [user_agent.original], window: 7d }' },
  { key: 'threshold', types: ['threshold'], needed: true, example: '{ field: [user.name], value: 10, window: 5m }' },
  { key: 'window', types: ['eql', 'esql'], needed: false, example: '6m' },
  { key: 'sequenceOrder', types: ['eql'], needed: false, example: 'any' },
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
  for (const { key, types, needed, example } of BELONGINGS) {
    const path = ['spec', key];
    const isThere = spec[key] !== undefined;
    const isOwner = types.some((owner) => owner === type);
    if (isOwner && needed && !isThere) {
      const message = `missing: a rule of type ${type} needs ${key}`;
      problems.push({ path, message, hint: `write ${key}: ${example}` });
    }
    if (!isOwner && isThere) {
      const message = `${key} has no meaning for a rule of type ${type}`;
      const hint = (key === 'window' ? WINDOW_HINTS.get(type) : undefined) ?? `write type: ${types.join(' or ')}`;
      problems.push({ path, message, hint, on: 'key' });
    }
  }
  if ((type === 'eql' || type === 'esql') && typeof language === 'string' && language !== type) {
    const message = `a rule of type ${type} is written in ${type}, not in ${describeValue(language)}`;
    problems.push({ path: ['spec', 'language'], message, hint: 'leave language out, or write another type' });
  }
  if (type !== 'esql' && type !== 'eql' && language === 'esql') {
    const message = `a rule of type ${type} is written in kuery or eql, not in esql`;
    problems.push({ path: ['spec', 'language'], message, hint: 'write type: esql' });
  }
  const normalize = isRecord(spec.newTerms) ? spec.newTerms.normalize : undefined;
  if (isRecord(normalize) && Object.hasOwn(normalize, '__proto__')) {
    // zod leaves this key out of a map without a word.
    const path = ['spec', 'newTerms', 'normalize', '__proto__'];
    problems.push({ path, message: '__proto__ is not a field', hint: 'remove it', on: 'key' });
  }
  return problems;
}
