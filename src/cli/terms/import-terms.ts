import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { MAX_AHEAD_MICROS } from '../../audit/decode.ts';
import { sanitise } from '../../audit/text.ts';
import { type Lesson, teachTerms } from '../../detect/teach-terms.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import { TERM_CAP } from '../../rules/limits.ts';
import { count } from '../count.ts';
import { CommandError, type Io } from '../io.ts';
import type { RuleMemory } from '../rule-memory.ts';
import { parseTermLine, whyForeign } from './term-line.ts';

/** Terms per commit, which takes some milliseconds. */
const TERMS_PER_COMMIT = 500;
/** More than some hundred rules can have. A longer file is not an export. */
const MOST_LINES = 100 * TERM_CAP;

/**
 * Adds the terms of an export to the rules. Reads the whole file before writing. Prints and skips terms that no rule
 * here can take.
 * @throws CommandError with line and reason if the file is not an export
 */
export async function importTerms(file: string, { store, cluster, rules }: RuleMemory, io: Io): Promise<void> {
  const byName = new Map(rules.map((rule) => [rule.document.name, rule]));
  const lessons = new Map<CompiledRule, Map<string, Lesson>>();
  const left = new Map<string, number>();
  const latest = Date.now() * 1_000 + MAX_AHEAD_MICROS;
  await eachLine(file, io, (text, number) => {
    const parsed = parseTermLine(text);
    if (parsed.kind === 'invalid') throw new CommandError(`${sanitise(file)}:${number}: ${sanitise(parsed.message)}`);
    const { line, lesson } = parsed;
    // The term would stay known until that time.
    if (lesson.last > latest)
      throw new CommandError(`${sanitise(file)}:${number}: lastSeen: ${sanitise(line.lastSeen)} is in the future`);
    const rule = byName.get(line.rule);
    const reason = rule === undefined ? 'no rule of that name is in force here' : whyForeign(line, rule);
    if (rule === undefined || reason !== undefined) {
      const why = `${line.rule}: ${reason}`;
      left.set(why, (left.get(why) ?? 0) + 1);
      return;
    }
    const of = lessons.get(rule) ?? new Map<string, Lesson>();
    of.set(line.term, lesson);
    lessons.set(rule, of);
  });
  for (const [why, terms] of left) io.err(`note: ${count(terms, 'term')} skipped: ${sanitise(why)}\n`);
  for (const [rule, of] of lessons) {
    const sum = { learned: 0, known: 0, outdated: 0, crowdedOut: 0 };
    const entries = [...of];
    for (let start = 0; start < entries.length; start += TERMS_PER_COMMIT) {
      const { reads, step } = teachTerms(rule, new Map(entries.slice(start, start + TERMS_PER_COMMIT)), 0);
      const taught = await store.update(cluster, reads, step);
      sum.learned += taught.learned;
      sum.known += taught.known;
      sum.outdated += taught.outdated;
      sum.crowdedOut += taught.crowdedOut;
    }
    const { learned, known, outdated, crowdedOut } = sum;
    const more = [
      [known, 'already known'],
      [outdated, 'too old'],
      [crowdedOut, 'dropped: the rule is full of newer terms'],
    ] as const;
    const rest = more.flatMap(([n, what]) => (n === 0 ? [] : [`, ${n} ${what}`])).join('');
    io.err(`${rule.document.name}: ${count(learned, 'term')} learned${rest}\n`);
  }
}

async function eachLine(file: string, io: Io, take: (line: string, number: number) => void): Promise<void> {
  const input = file === '-' ? io.stdin : createReadStream(file);
  let number = 0;
  try {
    // readline does not pass on errors of its input stream.
    const failed = new Promise<never>((_resolve, reject) => input.once('error', reject));
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done === true) return;
      number += 1;
      if (number > MOST_LINES)
        throw new CommandError(
          `${sanitise(file)}: more than ${MOST_LINES} lines; expected a file written by \`firstseen terms export\``,
        );
      if (next.value.trim() !== '') take(next.value, number);
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `${sanitise(file)}: cannot be read: ${sanitise(error instanceof Error ? error.message : String(error))}`,
    );
  } finally {
    if (file !== '-') input.destroy();
  }
}
