import { type DocumentPath, type DocumentProblem, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { countTests } from './count-tests.ts';
import type { SigmaReason } from './findings.ts';
import { type Names, namesOf } from './names.ts';
import type { RelatedRule } from './related-rule.ts';
import type { SigmaReading } from './sigma-reading.ts';

/** The most rules in one correlation. */
const MAXIMUM_RULES = 100;
/** The most tests in all of them together: no query holds more. */
const MAXIMUM_TESTS = 8_000;

/** The references of a correlation. */
export interface Reference {
  /** The positions of the rules. */
  readonly related: readonly number[];
  /** The rules, if all are valid. */
  readonly rules: readonly RelatedRule[];
  readonly problems: readonly DocumentProblem[];
  readonly reasons: readonly SigmaReason[];
  /** True if the rules raise alerts of their own too. */
  readonly generates: boolean;
}

/** The references of the correlations among the documents, by position. */
export function findRelated(readings: readonly SigmaReading[], names: Names): ReadonlyMap<number, Reference> {
  const found = new Map<number, Reference>();
  for (const [index, { role, value }] of readings.entries()) {
    if (role === 'correlation') found.set(index, resolve(value, readings, names));
  }
  return found;
}

function resolve(value: SigmaReading['value'], readings: readonly SigmaReading[], names: Names): Reference {
  const problems: DocumentProblem[] = [];
  const reasons: SigmaReason[] = [];
  const related: number[] = [];
  const rules: RelatedRule[] = [];
  const { correlation } = value;
  const path: DocumentPath = ['correlation', 'rules'];
  if (!isRecord(correlation)) {
    const message = `expected a correlation, found ${describeValue(correlation)}`;
    return { related, rules, problems: [{ path: ['correlation'], message }], reasons, generates: false };
  }
  const generates = value.generate === true || correlation.generate === true;
  const listed: readonly unknown[] = Array.isArray(correlation.rules) ? correlation.rules : [correlation.rules];
  if (listed.length === 0 || listed.length > MAXIMUM_RULES) {
    problems.push({ path, message: `expected 1 to ${MAXIMUM_RULES} rules, found ${listed.length}` });
    return { related, rules, problems, reasons, generates };
  }
  for (const [position, reference] of listed.entries()) {
    const at = Array.isArray(correlation.rules) ? [...path, position] : path;
    if (typeof reference !== 'string') {
      problems.push({ path: at, message: `expected the name or the id of a rule, found ${describeValue(reference)}` });
      continue;
    }
    const shown = quoteName(reference);
    const candidates = names.find(reference);
    const [index, another] = candidates;
    const rule = index === undefined ? undefined : readings[index];
    if (index === undefined || rule === undefined) {
      const hint = names.hint(reference);
      problems.push({ path: at, message: `no rule with the name or the id ${shown} is loaded`, hint });
    } else if (another !== undefined) {
      const message = `${candidates.length} rules have the name or the id ${shown}`;
      problems.push({ path: at, message, hint: 'give each rule its own name and id' });
    } else if (rule.role === 'correlation') {
      const message = `${shown} is a correlation itself; correlations of correlations are not supported`;
      reasons.push({ kind: 'construct', name: 'correlation of correlations', message, path: at });
    } else {
      related.push(index);
      const [reason] = rule.findings.reasons;
      if (rule.search !== undefined) {
        const { notes, differences } = rule.findings;
        rules.push({
          reference,
          aliases: namesOf(rule),
          search: rule.search,
          level: rule.value.level,
          notes: [...notes],
          differences: [...differences],
        });
      } else if (rule.findings.problems.length > 0)
        problems.push({ path: at, message: `the rule ${shown} has problems of its own` });
      else if (reason !== undefined)
        reasons.push({
          kind: reason.kind,
          name: reason.name,
          message: `the rule ${shown} cannot run: ${reason.message}`,
          path: at,
        });
    }
  }
  const tests = rules.reduce((sum, { search }) => sum + countTests(search), 0);
  if (tests > MAXIMUM_TESTS) {
    const message = `its rules have ${tests} tests together; a query holds at most ${MAXIMUM_TESTS}`;
    problems.push({ path, message, hint: 'split it into several correlations' });
  }
  return { related, rules, problems, reasons, generates };
}
