import Table from 'cli-table3';
import { excerpt, sanitise } from '../../audit/text.ts';
import { formatFileProblem } from '../../rulefiles/file-problem.ts';
import { type JudgedRule, neverFires, VERDICTS, type Verdict } from '../../rulefiles/rule-verdict.ts';
import { CommandError, EXIT } from '../io.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

/** The longest reason in the table. It stands in full below. */
const WHY_BYTES = 110;

/** The rules by name with their verdicts, with a final line break. */
export function verdictTable(rules: readonly JudgedRule[]): string {
  const table = new Table({ ...PLAIN_TABLE, head: ['NAME', 'TYPE', 'VERDICT', 'WHY'] });
  for (const { name, type, verdict, why } of rules) {
    const [first = '', ...more] = why;
    // The verdict column already says this.
    const shown = excerpt(first.startsWith(`${verdict}: `) ? first.slice(verdict.length + 2) : first, WHY_BYTES);
    table.push([name, type ?? '', verdict, more.length === 0 ? shown : `${shown} (and ${more.length} more)`]);
  }
  return `${trimLines(table.toString())}\n`;
}

/** The number of rules by verdict. */
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

/** The details below the table: problems with place and caret, differences, notes. */
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

/** The table and its details as JSON. */
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
 * Ends a command that checked these rules.
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
