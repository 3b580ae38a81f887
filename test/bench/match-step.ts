/**
 * The steps of the core with so many rules, in a process of its own, as they run in life: with several rule sets in one process, what V8
 * has learned of one would slow the others. Prints one line of JSON.
 *
 *   node test/bench/match-step.ts RULES ROUNDS
 */
import { decodeBatch } from '../../src/audit/decode.ts';
import { createDetector, type Detector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { benchBatches, EVENTS_PER_BATCH } from './batches.ts';
import { median } from './cpu.ts';
import { benchRules } from './rules.ts';

const WARM_UP_ROUNDS = 8;
/** How often a round goes through all batches. */
const PASSES = 5;

const [rules = 0, rounds = 0] = process.argv.slice(2).map(Number);
const detector = detectorOf(rules);
const batches = benchBatches();
for (const [index, batch] of batches.entries()) batch.stamp(new Date(), index);
const receivedAt = Date.now() * 1_000;

function detectorOf(count: number): Detector {
  const compiled = compileLoaded(readYamlRules('bench.yaml', benchRules(count).join('\n---\n')), sha256Hashes);
  if (compiled.ready.length !== count) throw new Error(JSON.stringify(compiled.problems));
  return createDetector(
    compiled.ready.map(({ rule }) => rule),
    compiled.slots,
    sha256Hashes,
  );
}

function decode(body: Buffer) {
  const decoded = decodeBatch(body.toString('utf8'), receivedAt);
  if (decoded.kind === 'rejected') throw new Error(decoded.message);
  return decoded.events;
}

const figures = { parse: [] as number[], decode: [] as number[], match: [] as number[] };
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  // Batch by batch, as they come: nothing outlives its batch, so that each step pays for its own garbage.
  const sums = { parse: 0, decode: 0, match: 0 };
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
      timed('match', () => detector.detect('bench', events));
    }
  }
  if (round < 0) continue;
  const events = batches.length * EVENTS_PER_BATCH * PASSES;
  for (const step of ['parse', 'decode', 'match'] as const) figures[step].push(sums[step] / events);
}
console.log(
  JSON.stringify({
    parse: median(figures.parse),
    decode: median(figures.decode),
    match: median(figures.match),
  }),
);
