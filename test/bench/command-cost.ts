import { runCommandLine } from '../../src/cli/program.ts';
import { quietIo } from '../support/quiet-io.ts';
import { median } from './cpu.ts';

/** Of an event, in µs. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

export function perSecond({ wall }: Cost): string {
  return Math.round(1_000_000 / wall).toLocaleString('en');
}

/** The first two rounds do not count. */
export async function costOf(rounds: number, events: number, work: () => Promise<void>): Promise<Cost> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    if (round < 0) continue;
    wall.push(((performance.now() - start) * 1_000) / events);
    cpu.push((user + system) / events);
  }
  return { wall: median(wall), cpu: median(cpu) };
}

/** Runs a command line in this process. @param mostCode the highest exit code that is no error */
export async function runQuietly(args: readonly string[], mostCode: number): Promise<void> {
  const errors: string[] = [];
  const code = await runCommandLine(args, quietIo({ err: (text) => errors.push(text) }));
  if (code > mostCode) throw new Error(errors.join(''));
}
