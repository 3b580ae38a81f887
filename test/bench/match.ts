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
/** How often a round goes through all batches. */
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
 * The steps of the core in this process, without transport and store. Matching is timed alone, over events that were decoded just
 * before, so that it meets fresh objects as it does in life.
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
  const detectors = rules.map((count) => [count, detectorOf(count)] as const);
  const times = new Map<string, number[]>();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    // Batch by batch, as they come: nothing outlives its batch, so that each step pays for its own garbage.
    const sums = new Map<string, number>();
    const timed = <T>(name: string, run: () => T): T => {
      const before = process.cpuUsage();
      const result = run();
      const { user, system } = process.cpuUsage(before);
      sums.set(name, (sums.get(name) ?? 0) + user + system);
      return result;
    };
    for (let pass = 0; pass < PASSES; pass++) {
      for (const body of bodies) {
        timed(PARSE, () => JSON.parse(body.toString('utf8')));
        timed(DECODE, () => decode(body));
        for (const [count, detector] of detectors) {
          const decoded = decode(body);
          timed(nameOf(count), () => detector.detect('bench', decoded));
        }
      }
    }
    if (round < 0) continue;
    for (const [name, sum] of sums) times.set(name, [...(times.get(name) ?? []), sum / (events * PASSES)]);
  }

  const floor = median(times.get(PARSE) ?? []);
  console.log(`\nSteps in one process, CPU of an event, median of ${rounds} rounds`);
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
