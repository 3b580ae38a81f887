import { Readable } from 'node:stream';
import type { Io } from '../../src/cli/io.ts';

/** What a command line has to do with when it runs in this process: nothing to read, nobody to print for, and no end. */
export function quietIo(changes: Partial<Io> = {}): Io {
  return {
    out: () => {},
    err: () => {},
    stdin: Readable.from([]),
    errIsTerminal: false,
    outIsTerminal: false,
    env: {},
    version: '0',
    ended: new Promise(() => {}),
    onDebugSignal: () => {},
    onBug: () => {},
    ...changes,
  };
}
