import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../support/child-process.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

const STEP = join(import.meta.dirname, 'match-step.ts');
/** Rules of Elastic's, where a copy of them lies beside the project. */
const KIT = join(import.meta.dirname, '..', '..', '..', 'shared', 'conformance', 'rules');
const USUAL = 50;

/** What the steps of the core take with one set of rules. */
export interface Steps {
  /** How many rules of the set run. */
  readonly rules: number;
  /** CPU of an event in each step, in µs. */
  readonly parse: number;
  readonly decode: number;
  readonly match: number;
  /** Matching, and what each match means to its rule: its identity, its terms or its group. */
  readonly decide: number;
  /** To read, parse and compile the whole set, in ms. */
  readonly load: number;
}

/** The steps of the core alone, without transport and store, beside parsing the same JSON in the same process. */
export async function benchMatch({ rounds, rules }: BenchOptions): Promise<readonly Goal[]> {
  console.log(`\nSteps of the core, CPU of an event, median of ${rounds} rounds, a process for each set of rules`);
  printRow('', 'JSON.parse µs', 'decode µs', '× parse', 'match µs', '× parse', 'decide µs', 'load ms');
  const goals: Goal[] = [];
  for (const count of rules) {
    const { match } = await measure(`${count} ${count === 1 ? 'rule' : 'rules'}`, String(count), rounds);
    if (count === USUAL)
      goals.push({ what: `matching an event, ${count} rules`, atMost: 1, measured: match, unit: ' µs' });
  }
  const mix = await measure('the usual mix', 'mix', rounds);
  goals.push({
    what: 'matching an event, the usual mix',
    atMost: 1,
    measured: mix.match / mix.parse,
    unit: ' × parse',
  });
  if (existsSync(KIT)) await measure('Elastic’s rules beside the project', KIT, rounds);
  return goals;
}

async function measure(name: string, set: string, rounds: number): Promise<Steps> {
  const steps: Steps = JSON.parse(await outputOf(process.execPath, [STEP, set, String(rounds)]));
  const { parse, decode, match, decide, load } = steps;
  const cells = [parse, decode, decode / parse, match, match / parse, decide, load].map((figure) => figure.toFixed(2));
  printRow(Number.isNaN(Number(set)) ? `${name}, ${steps.rules} rules` : name, ...cells);
  return steps;
}
