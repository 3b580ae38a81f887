import type { CorpusCase } from './corpus-cases.ts';
import { type Judged, judge } from './judge.ts';
import { measurePack, remembering } from './measure-pack.ts';

const ORDER: readonly Judged['verdict'][] = ['wrong', 'missed', 'stricter', 'detected', 'silent'];

export async function judgeCorpora(cases: readonly CorpusCase[]): Promise<readonly Judged[]> {
  const remembers = await remembering();
  return (await measurePack(cases)).map((measured) => judge(measured, remembers));
}

/** A line a case, those with a reason first, and the sums in the last line. */
export function tableOf(judged: readonly Judged[]): string {
  const lines = ORDER.flatMap((wanted) =>
    judged
      .filter(({ verdict }) => verdict === wanted)
      .map(
        ({ verdict, about, name, fired, why }) => `${verdict.padEnd(9)} ${about}: ${name}: ${why || fired.join(' ')}`,
      ),
  );
  const sums = ORDER.map((wanted) => `${judged.filter(({ verdict }) => verdict === wanted).length} ${wanted}`);
  return [...lines, sums.join(', ')].join('\n');
}
