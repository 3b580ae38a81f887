/**
 * The steps of the core with one rule set, in its own process as in production: V8's optimisations for one set would
 * slow others in the same process. Prints one line of JSON (`Steps`).
 *
 *   node test/bench/match-step.ts 50 ROUNDS      50 rules, from the pack and copies of it
 *   node test/bench/match-step.ts mix ROUNDS     the usual mix
 *   node test/bench/match-step.ts DIR ROUNDS     the rules of a folder that run
 *
 * With 0 rounds it only loads the rules.
 */
import { decodeBatch } from '../../src/audit/decode.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { type CompiledRules, compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { benchBatches, EVENTS_PER_BATCH } from './batches.ts';
import { median } from './cpu.ts';
import type { Steps } from './match.ts';
import { ruleMix } from './rule-mix.ts';
import { benchRules } from './rules.ts';

const WARM_UP_ROUNDS = 8;
/** Passes over all batches per round, first for matching only, then with decisions. */
const PASSES = 3;

const [set = '', rounds = '0'] = process.argv.slice(2);
const [compiled, firstLoad] = await timedLoad();
const rules = compiled.ready.map(({ rule }) => rule);
const detector = createDetector(rules, compiled.slots, sha256Hashes);
/** Matches without decisions, so without hashing keys. */
const matcher = createDetector(
  rules.map((rule) => ({ ...rule, kind: { ...rule.kind, occurrences: () => [] } })),
  compiled.slots,
  sha256Hashes,
);
const batches = benchBatches();
for (const [index, batch] of batches.entries()) batch.stamp(new Date(), index);
const receivedAt = Date.now() * 1_000;

/** Reads, parses and compiles the set. All of our own rules must run; rules of a folder may not. */
async function compileSet(): Promise<CompiledRules> {
  const count = Number(set);
  if (set !== 'mix' && Number.isNaN(count)) return compileLoaded(await loadRuleFiles([set]), sha256Hashes);
  const texts = set === 'mix' ? ruleMix() : benchRules(count);
  const result = compileLoaded(readYamlRules('bench.yaml', texts.join('\n---\n')), sha256Hashes);
  if (result.ready.length !== texts.length) throw new Error(JSON.stringify(result.problems));
  return result;
}

/** The set, and the CPU time of this thread to load it, in ms. */
async function timedLoad(): Promise<readonly [CompiledRules, number]> {
  const before = process.threadCpuUsage();
  const result = await compileSet();
  const { user, system } = process.threadCpuUsage(before);
  return [result, (user + system) / 1_000];
}

function decode(body: Buffer) {
  const decoded = decodeBatch(body.toString('utf8'), receivedAt);
  if (decoded.kind === 'rejected') throw new Error(decoded.message);
  return decoded.events;
}

const figures = { parse: [] as number[], decode: [] as number[], match: [] as number[], decide: [] as number[] };
for (let round = Number(rounds) === 0 ? 0 : -WARM_UP_ROUNDS; round < Number(rounds); round++) {
  // Batch by batch as in production, so that each step pays for its own garbage.
  const sums = { parse: 0, decode: 0, match: 0, decide: 0 };
  const timed = <T>(step: keyof typeof sums, run: () => T): T => {
    const before = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(before);
    sums[step] += user + system;
    return result;
  };
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { body } of batches) {
      timed('parse', () => JSON.parse(body.toString('utf8')));
      const events = timed('decode', () => decode(body));
      timed('match', () => matcher.detect('bench', events));
    }
    for (const { body } of batches) {
      const events = decode(body);
      timed('decide', () => detector.detect('bench', events));
    }
  }
  if (round < 0) continue;
  const events = batches.length * EVENTS_PER_BATCH * PASSES;
  for (const step of ['parse', 'decode', 'match', 'decide'] as const) figures[step].push(sums[step] / events);
}
const loading: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const [, load] = await timedLoad();
  loading.push(load);
}
const steps: Steps = {
  rules: rules.length,
  parse: median(figures.parse),
  decode: median(figures.decode),
  match: median(figures.match),
  decide: median(figures.decide),
  firstLoad,
  load: median(loading),
};
console.log(JSON.stringify(steps));
