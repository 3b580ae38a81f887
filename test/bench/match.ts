import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../support/child-process.ts';
import { median } from './cpu.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

const STEP = join(import.meta.dirname, 'match-step.ts');
/** Rules of Elastic's, where a copy of them lies beside the project. */
const KIT = join(import.meta.dirname, '..', '..', '..', 'shared', 'conformance', 'rules');
const USUAL = 50;
/** In so many processes the first load is measured: each can do it once. */
const FIRST_LOADS = 5;

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
  /**
   * To read, parse and compile the whole set for the first time, as a start does: nothing is warm or kept from before;
   * in ms of the thread.
   */
  readonly firstLoad: number;
  /** The same once it has been done, as when rules change, in ms. */
  readonly load: number;
}

/** The steps of the core alone, without transport and store, beside parsing the same JSON in the same process. */
export async function benchMatch({ rounds, rules }: BenchOptions): Promise<readonly Goal[]> {
  console.log(`\nSteps of the core, CPU of an event, median of ${rounds} rounds, a process for each set of rules`);
  printRow('', 'JSON.parse µs', 'decode µs', '× parse', 'match µs', '× parse', 'decide µs', '1st load ms', 'load ms');
  const goals: Goal[] = [];
  for (const count of rules) {
    const { match } = await measure(`${count} ${count === 1 ? 'rule' : 'rules'}`, String(count), rounds);
    if (count === USUAL)
      goals.push({ what: `matching an event, ${count} rules`, atMost: 1, measured: match, unit: ' µs' });
  }
  const mix = await measure('the usual mix', 'mix', rounds);
  goals.push(...goalsOf('the usual mix', mix));
  if (existsSync(KIT)) {
    goals.push(...goalsOf('rules of Elastic’s', await measure('Elastic’s rules beside the project', KIT, rounds)));
  }
  return goals;
}

function goalsOf(set: string, { match, firstLoad }: Steps): readonly Goal[] {
  return [
    { what: `matching an event, ${set}`, atMost: 1.5, measured: match, unit: ' µs' },
    { what: `the first load of ${set}`, atMost: 150, measured: firstLoad, unit: ' ms' },
  ];
}

async function measure(name: string, set: string, rounds: number): Promise<Steps> {
  const run = async (times: number): Promise<Steps> =>
    JSON.parse(await outputOf(process.execPath, [STEP, set, String(times)]));
  const firstLoads: number[] = [];
  for (let n = 1; n < Math.min(FIRST_LOADS, rounds); n++) firstLoads.push((await run(0)).firstLoad);
  const measured = await run(rounds);
  const steps = { ...measured, firstLoad: median([...firstLoads, measured.firstLoad]) };
  const { parse, decode, match, decide, firstLoad, load } = steps;
  const cells = [parse, decode, decode / parse, match, match / parse, decide, firstLoad, load].map((figure) =>
    figure.toFixed(2),
  );
  printRow(Number.isNaN(Number(set)) ? `${name}, ${steps.rules} rules` : name, ...cells);
  return steps;
}
