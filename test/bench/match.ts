import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from '../support/child-process.ts';
import { median } from './cpu.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

const STEP = join(import.meta.dirname, 'match-step.ts');
/** Elastic's rules, if a copy is beside the project. */
const KIT = join(import.meta.dirname, '..', '..', '..', 'shared', 'conformance', 'rules');
const USUAL = 50;
/** Processes to measure the first load in, once each. */
const FIRST_LOADS = 5;

/** Cost of the core's steps with one rule set. */
export interface Steps {
  /** Number of rules that run. */
  readonly rules: number;
  /** CPU time per event and step, in µs. */
  readonly parse: number;
  readonly decode: number;
  readonly match: number;
  /** Matching, with the identity, terms or group of each match. */
  readonly decide: number;
  /**
   * Reading, parsing and compiling the set for the first time, as at a start, in ms of thread CPU time.
   */
  readonly firstLoad: number;
  /** The same when warm, as after a change of rules, in ms. */
  readonly load: number;
}

/** The core's steps without transport and store, compared to JSON.parse in the same process. */
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
