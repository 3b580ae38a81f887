import { nearest } from '../../../query/nearest.ts';
import { type DocumentPath, type DocumentProblem, describeValue, isRecord, quoteName } from '../../document-problem.ts';
import type { SigmaReason } from './findings.ts';
import type { RelatedRule } from './related-rule.ts';
import type { SigmaReading } from './sigma-reading.ts';

/** How many rules one correlation may refer to. */
const MAXIMUM_RULES = 100;
/** For how many missing rules of one load the nearest name is looked for, which takes time in the number of names. */
const MOST_HINTS = 20;

/** What a correlation refers to. */
export interface Reference {
  /** The positions of the rules. */
  readonly related: readonly number[];
  /** The rules, if there is nothing wrong with any of them. */
  readonly rules: readonly RelatedRule[];
  readonly problems: readonly DocumentProblem[];
  readonly reasons: readonly SigmaReason[];
  /** True if the rules raise alerts of their own besides. */
  readonly generates: boolean;
}

/** What the correlations among the documents refer to, by their positions. */
export function findRelated(readings: readonly SigmaReading[]): ReadonlyMap<number, Reference> {
  const byName = new Map<string, number[]>();
  for (const [index, reading] of readings.entries()) {
    for (const name of aliasesOf(reading)) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [index]);
      else known.push(index);
    }
  }
  let hints = MOST_HINTS;
  const suggest = (name: string): string | undefined => {
    hints -= 1;
    return hints < 0 ? undefined : nearest(name, byName.keys());
  };
  const found = new Map<number, Reference>();
  for (const [index, { value }] of readings.entries()) {
    if ('correlation' in value) found.set(index, resolve(value, readings, byName, suggest));
  }
  return found;
}

function resolve(
  value: SigmaReading['value'],
  readings: readonly SigmaReading[],
  byName: ReadonlyMap<string, readonly number[]>,
  suggest: (name: string) => string | undefined,
): Reference {
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
    const candidates = byName.get(reference) ?? [];
    const [index, another] = candidates;
    const rule = index === undefined ? undefined : readings[index];
    if (index === undefined || rule === undefined) {
      const near = suggest(reference);
      const hint =
        near === undefined ? 'load the file that has it together with this one' : `did you mean ${quoteName(near)}?`;
      problems.push({ path: at, message: `no rule with the name or the id ${shown} is loaded`, hint });
    } else if (another !== undefined) {
      const message = `${candidates.length} rules have the name or the id ${shown}`;
      problems.push({ path: at, message, hint: 'give each a name and an id of its own' });
    } else if ('correlation' in rule.value) {
      const message = `${shown} is a correlation itself; correlations of correlations are not supported`;
      reasons.push({ kind: 'construct', name: 'correlation of correlations', message, path: at });
    } else {
      related.push(index);
      const [reason] = rule.findings.reasons;
      if (rule.search !== undefined) {
        const { notes, differences } = rule.findings;
        rules.push({
          reference,
          aliases: aliasesOf(rule),
          search: rule.search,
          level: rule.value.level,
          notes: [...notes],
          differences: [...differences],
        });
      } else if (rule.findings.problems.length > 0)
        problems.push({ path: at, message: `the rule ${shown} has mistakes of its own` });
      else if (reason !== undefined)
        reasons.push({
          kind: reason.kind,
          name: reason.name,
          message: `the rule ${shown} ${reason.message}`,
          path: at,
        });
    }
  }
  return { related, rules, problems, reasons, generates };
}

/** What a rule may be referred to by. */
function aliasesOf({ value }: SigmaReading): readonly string[] {
  return [...new Set([value.name, value.id])].filter((name) => typeof name === 'string');
}
