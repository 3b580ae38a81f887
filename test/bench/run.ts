/**
 * What one event costs, as a ratio to parsing its JSON, measured in the same run: rounds of the contenders are interleaved
 * and the median of each is compared, so that a slow moment of the machine meets all of them alike.
 *
 *   npm run bench [-- --rounds N]
 */
import { parseArgs } from 'node:util';
import { decodeBatch } from '../../src/audit/decode.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { createFieldSlots } from '../../src/query/slots.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { compileRule } from '../../src/rules/compile-rule.ts';
import type { CompiledRule } from '../../src/rules/compiled-rule.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { benchBatches } from './batches.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const ROUNDS = Number(values.rounds);
const WARM_UP = 5;
const RECEIVED_AT = Date.UTC(2026, 0, 1) * 1_000;

const batches = benchBatches().map((batch) => Buffer.from(JSON.stringify(batch)));
const events = batches.length * 100;
const bytes = batches.reduce((sum, batch) => sum + batch.length, 0) / events;
const documents = (await loadRuleFiles(['rules'])).rules.map(({ document }) => document);

/** A detector of the pack, and of copies that ask for other namespaces, up to so many rules. */
function detectorOf(count: number) {
  const slots = createFieldSlots();
  const rules: CompiledRule[] = [];
  for (let i = 0; i < count; i++) {
    const original = documents[i % documents.length];
    if (original === undefined) throw new Error('the rule pack is empty');
    const round = Math.floor(i / documents.length);
    const narrowed = `(${original.query}) and kubernetes.audit.objectRef.namespace:team-${round}`;
    const copy: RuleDocument =
      round === 0 ? original : { ...original, name: `${original.name}-${round}`, query: narrowed };
    const compiled = compileRule(copy, slots, sha256Hashes);
    if (compiled.kind === 'invalid') throw new Error(JSON.stringify(compiled.problems));
    rules.push(compiled.rule);
  }
  return createDetector(rules, slots, sha256Hashes);
}

type Contender = readonly [name: string, run: () => number];
const parse = (batch: Buffer) => JSON.parse(batch.toString('utf8')) as { items: unknown[] };
const decode = (batch: Buffer) => {
  const decoded = decodeBatch(batch.toString('utf8'), RECEIVED_AT);
  return decoded.kind === 'batch' ? decoded.events : [];
};
const total = (run: (batch: Buffer) => number) => () => batches.reduce((sum, batch) => sum + run(batch), 0);

const contenders: readonly Contender[] = [
  ['JSON.parse', total((batch) => parse(batch).items.length)],
  ['decode', total((batch) => decode(batch).length)],
  ...[1, 4, 50, 200, 1_000].map((count): Contender => {
    const detector = detectorOf(count);
    return [
      `decode and match, ${count} ${count === 1 ? 'rule' : 'rules'}`,
      total((batch) => detector.detect('bench', decode(batch)).decisions.length),
    ];
  }),
];

const times = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const [name, run] of contenders) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) times.get(name)?.push((user + system) / events);
  }
}

const median = (name: string) =>
  (times.get(name) ?? []).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
const floor = median('JSON.parse');
console.log(
  `${events} events of ${Math.round(bytes)} bytes in batches of 100, Node ${process.versions.node}, median of ${ROUNDS} rounds`,
);
for (const [name] of contenders) {
  console.log(
    `${name.padEnd(32)} ${median(name).toFixed(2).padStart(7)} µs CPU an event   ${(median(name) / floor).toFixed(2)} × JSON.parse`,
  );
}
