import { decodeBatch } from '../../src/audit/decode.ts';
import { createDetector, type Detector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { benchBatches, EVENTS_PER_BATCH } from './batches.ts';
import { median } from './cpu.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';
import { benchRules } from './rules.ts';

const WARM_UP_ROUNDS = 8;
const USUAL = 50;
/** A round of one contender goes through all batches so many times: a single pass is as short as the clock is coarse. */
const PASSES = 5;

function detectorOf(count: number): Detector {
  const compiled = compileLoaded(readYamlRules('bench.yaml', benchRules(count)), sha256Hashes);
  if (compiled.ready.length !== count) throw new Error(JSON.stringify(compiled.problems));
  return createDetector(
    compiled.ready.map(({ rule }) => rule),
    compiled.slots,
    sha256Hashes,
  );
}

/**
 * The steps of the core in this process, without transport and store. Matching is timed alone, over events that are decoded anew in
 * each round, so that it meets fresh objects as it does in life.
 */
export async function benchMatch({ rounds, rules }: BenchOptions): Promise<readonly Goal[]> {
  const batches = benchBatches();
  const receivedAt = Date.now() * 1_000;
  for (const [index, batch] of batches.entries()) batch.stamp(new Date(), index);
  const bodies = batches.map(({ body }) => body);
  const decode = (body: Buffer) => {
    const decoded = decodeBatch(body.toString('utf8'), receivedAt);
    if (decoded.kind === 'rejected') throw new Error(decoded.message);
    return decoded.events;
  };

  const events = bodies.length * EVENTS_PER_BATCH;
  const times = new Map<string, number[]>();
  const timed = (name: string, counts: boolean, run: () => unknown) => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    const figures = times.get(name) ?? [];
    times.set(name, figures);
    if (counts) figures.push((user + system) / events);
  };
  const detectors = rules.map((count) => [count, detectorOf(count)] as const);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (let pass = 0; pass < PASSES; pass++) {
      const counts = round >= 0;
      timed(PARSE, counts, () => bodies.map((body) => JSON.parse(body.toString('utf8')).items.length));
      timed(DECODE, counts, () => bodies.map((body) => decode(body).length));
      for (const [count, detector] of detectors) {
        const decoded = bodies.map(decode);
        timed(nameOf(count), counts, () => decoded.map((batch) => detector.detect('bench', batch).decisions.length));
      }
    }
  }

  const floor = median(times.get(PARSE) ?? []);
  console.log(`\nSteps in one process, CPU of an event, median of ${rounds * PASSES} passes`);
  printRow('', 'µs', '× JSON.parse');
  for (const [name, figures] of times) printRow(name, median(figures).toFixed(2), (median(figures) / floor).toFixed(2));
  return times.has(nameOf(USUAL))
    ? [
        {
          what: `matching an event, ${USUAL} rules`,
          atMost: 1,
          measured: median(times.get(nameOf(USUAL)) ?? []),
          unit: ' µs',
        },
      ]
    : [];
}

const PARSE = 'JSON.parse';
const DECODE = 'decode: parse, check, bound';

function nameOf(rules: number): string {
  return `match, ${rules} ${rules === 1 ? 'rule' : 'rules'}`;
}
