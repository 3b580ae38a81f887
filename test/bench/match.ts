import { join } from 'node:path';
import { outputOf } from '../support/child-process.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

const STEP = join(import.meta.dirname, 'match-step.ts');
const USUAL = 50;

/** CPU of an event in each step, in µs. */
interface Steps {
  readonly parse: number;
  readonly decode: number;
  readonly match: number;
}

/** The steps of the core alone, without transport and store, beside parsing the same JSON in the same process. */
export async function benchMatch({ rounds, rules }: BenchOptions): Promise<readonly Goal[]> {
  console.log(`\nSteps of the core, CPU of an event, median of ${rounds} rounds, a process for each number of rules`);
  printRow('', 'JSON.parse µs', 'decode µs', '× parse', 'match µs', '× parse');
  const goals: Goal[] = [];
  for (const count of rules) {
    const output = await outputOf(process.execPath, [STEP, String(count), String(rounds)]);
    const { parse, decode, match } = JSON.parse(output) as Steps;
    const cells = [parse, decode, decode / parse, match, match / parse].map((figure) => figure.toFixed(2));
    printRow(`${count} ${count === 1 ? 'rule' : 'rules'}`, ...cells);
    if (count === USUAL)
      goals.push({ what: `matching an event, ${count} rules`, atMost: 1, measured: match, unit: ' µs' });
  }
  return goals;
}
