import { RULE_TYPES } from './document.ts';
import { type DocumentProblem, describeValue, isRecord } from './document-problem.ts';

/** A setting that applies to some rule types. */
interface Belonging {
  readonly key: string;
  readonly types: readonly string[];
  /** True if a rule of these types needs it. */
  readonly needed: boolean;
  /** An example. */
  readonly example: string;
}

const BELONGINGS: readonly Belonging[] = [
  { key: 'newTerms', types: ['new_terms'], needed: true, example: '{ fields: [user_agent.original], window: 7d }' },
  { key: 'threshold', types: ['threshold'], needed: true, example: '{ field: [user.name], value: 10, window: 5m }' },
  { key: 'window', types: ['eql', 'esql'], needed: false, example: '6m' },
  { key: 'sequenceOrder', types: ['eql'], needed: false, example: 'any' },
];

/** Hints for a window under another name. */
const WINDOW_HINTS: ReadonlyMap<unknown, string> = new Map([
  ['new_terms', 'write newTerms.window'],
  ['threshold', 'write threshold.window'],
]);

/**
 * Conflicts in a rule: settings that do not fit its type, and a language that does not. Outside the schema, which stops
 * early when another part is wrong.
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
      const message = `${key} does not apply to a rule of type ${type}`;
      const hint = (key === 'window' ? WINDOW_HINTS.get(type) : undefined) ?? `write type: ${types.join(' or ')}`;
      problems.push({ path, message, hint, on: 'key' });
    }
  }
  if ((type === 'eql' || type === 'esql') && typeof language === 'string' && language !== type) {
    const message = `a rule of type ${type} must be written in ${type}, found ${describeValue(language)}`;
    problems.push({ path: ['spec', 'language'], message, hint: 'remove language, or change type' });
  }
  if (type !== 'esql' && type !== 'eql' && language === 'esql') {
    const message = `a rule of type ${type} must be written in kuery or eql, found esql`;
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
