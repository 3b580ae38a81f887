/**
 * The cost of firstseen, as ratios between contenders of the same run, and its goals. docs/performance.md explains the
 * output.
 *
 *   npm run bench                       match, search, serve and paced: about 5 minutes on 2 cores
 *   npm run bench -- serve              one part, or several
 *   npm run bench -- backfill          from audit logs to learned terms; runs only by name
 *   npm run bench -- api-server        from a request at a real API server to its Alert; runs only by name
 *   npm run bench -- redis-terms       Redis memory per term; runs only by name
 *   npm run bench -- held-rows         memory per event held by a threshold, a sequence or STATS; runs only by name
 *   npm run bench -- replicas          conflicts of replicas on one Redis; runs only by name
 *   npm run bench -- serve --rounds 5 --batches 50 --rules 4,50
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { outputOf } from '../support/child-process.ts';
import { benchApiServer } from './api-server.ts';
import { benchBackfill } from './backfill.ts';
import { benchBatches, EVENTS_PER_BATCH } from './batches.ts';
import { benchMatch } from './match.ts';
import { benchPaced } from './paced.ts';
import { type BenchPart, type Goal, printGoals } from './part.ts';
import { benchSearch } from './search.ts';
import { benchServe } from './serve.ts';

const PARTS: Readonly<Record<string, BenchPart>> = {
  match: benchMatch,
  search: benchSearch,
  backfill: benchBackfill,
  serve: benchServe,
  // One run gives both figures.
  latency: benchPaced,
  memory: benchPaced,
  'api-server': benchApiServer,
  'redis-terms': benchScript('redis-terms.ts'),
  'held-rows': benchScript('held-rows.ts'),
  replicas: benchScript('replicas.ts'),
};
const DEFAULT_PARTS = ['match', 'search', 'serve', 'latency'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '11' },
    batches: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    rules: { type: 'string', default: '1,10,50,200,1000' },
  },
});
const options = {
  rounds: positive('rounds', values.rounds),
  batches: positive('batches', values.batches),
  seconds: positive('seconds', values.seconds),
  rules: values.rules.split(',').map((text) => positive('rules', text)),
};

/** A part that is a separate program without goals. */
function benchScript(file: string): BenchPart {
  return async () => {
    console.log(await outputOf(process.execPath, [join(import.meta.dirname, file)]));
    return [];
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name}: expected a whole number above 0, found ${text}`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const parts = new Set<BenchPart>();
for (const name of positionals.length > 0 ? positionals : DEFAULT_PARTS) {
  const part = PARTS[name];
  if (part === undefined) fail(`no part is named ${name}; the parts are: ${Object.keys(PARTS).join(', ')}`);
  parts.add(part);
}

const batches = benchBatches();
const bytes = batches.reduce((sum, { body }) => sum + body.length, 0) / (batches.length * EVENTS_PER_BATCH);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
console.log(`Node ${process.versions.node}, ${machine}; events of ${Math.round(bytes)} bytes in batches of 100`);

const goals: Goal[] = [];
for (const part of parts) goals.push(...(await part(options)));
if (goals.length > 0) printGoals(goals);
