import Table from 'cli-table3';
import { excerpt, sanitise } from '../../audit/text.ts';
import { formatFileProblem } from '../../rulefiles/file-problem.ts';
import { type JudgedRule, neverFires, VERDICTS, type Verdict } from '../../rulefiles/rule-verdict.ts';
import { CommandError, EXIT } from '../io.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

/** What is shown of why, in the table: the rest stands below it. */
const WHY_BYTES = 110;

/** The rules by name, with what becomes of each; ends with a line break. */
export function verdictTable(rules: readonly JudgedRule[]): string {
  const table = new Table({ ...PLAIN_TABLE, head: ['NAME', 'TYPE', 'VERDICT', 'WHY'] });
  for (const { name, type, verdict, why } of rules) {
    const [first = '', ...more] = why;
    // The column before says it already.
    const shown = excerpt(first.startsWith(`${verdict}: `) ? first.slice(verdict.length + 2) : first, WHY_BYTES);
    table.push([name, type ?? '', verdict, more.length === 0 ? shown : `${shown} (and ${more.length} more)`]);
  }
  return `${trimLines(table.toString())}\n`;
}

/** How many there are of each verdict. */
export type Totals = Readonly<Record<Verdict, number>>;

export function totalsOf(rules: readonly JudgedRule[]): Totals {
  const of = (verdict: Verdict) => rules.filter((rule) => rule.verdict === verdict).length;
  return Object.fromEntries(VERDICTS.map((verdict) => [verdict, of(verdict)])) as Totals;
}

/** For example `31 rules: 20 runs, 6 runs with a stated difference, 5 needs other data`. */
export function totalsLine(rules: readonly JudgedRule[]): string {
  const totals = totalsOf(rules);
  const parts = VERDICTS.filter((verdict) => totals[verdict] > 0).map(
    (verdict) => `${totals[verdict]} ${WORDS[verdict](totals[verdict])}`,
  );
  return `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}: ${parts.join(', ')}\n`;
}

const WORDS: Readonly<Record<Verdict, (count: number) => string>> = {
  runs: (n) => (n === 1 ? 'runs' : 'run'),
  'runs with a stated difference': (n) => (n === 1 ? 'runs with a stated difference' : 'run with a stated difference'),
  'needs other data': (n) => (n === 1 ? 'needs other data' : 'need other data'),
  'can never fire': () => 'can never fire',
  'not supported': (n) => (n === 1 ? 'is not supported' : 'are not supported'),
  invalid: (n) => (n === 1 ? 'is invalid' : 'are invalid'),
};

/** What the table has no room for: each problem with its place and a caret, each difference, each note; one a line. */
export function verdictDetails(rules: readonly JudgedRule[]): string {
  const lines = rules.flatMap(({ name, file, line, verdict, why, notes, problems }) => {
    const at = `${sanitise(file)}${line === undefined ? '' : `:${line}`}: ${name}`;
    const said = neverFires(verdict) ? why : why.map((difference) => `difference: ${difference}`);
    return [
      ...(problems.length > 0 ? problems.map(formatFileProblem) : said.map((text) => `${at}: ${text}`)),
      ...notes.map((note) => `${at}: note: ${note}`),
    ];
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** For programs: what the table and what is below it say. */
export function verdictsForPrograms(rules: readonly JudgedRule[]): object {
  const items = rules.map(({ name, type, file, line, verdict, why, notes, problems }) => ({
    name,
    type,
    file,
    line,
    verdict,
    why,
    notes,
    problems: problems.map(({ place, message, hint }) => ({ ...place, message, hint })),
  }));
  return { rules: items, totals: totalsOf(rules) };
}

/**
 * What a command ends with that looked at these rules.
 * @throws CommandError 1 if a rule is invalid; else 3 if one cannot run here
 */
export function requireThatAllRun(rules: readonly JudgedRule[]): void {
  const totals = totalsOf(rules);
  if (totals.invalid > 0) {
    const what =
      totals.invalid === 1
        ? '1 rule or file is invalid, and does'
        : `${totals.invalid} rules or files are invalid, and do`;
    throw new CommandError(`${what} not run`, EXIT.failed);
  }
  const idle = totals['needs other data'] + totals['can never fire'] + totals['not supported'];
  if (idle > 0) throw new CommandError(`${idle} ${idle === 1 ? 'rule' : 'rules'} cannot run here`, EXIT.incomplete);
}
