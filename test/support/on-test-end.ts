import { afterEach } from '@jest/globals';

const undos: (() => unknown)[] = [];

afterEach(async () => {
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
});

/** Calls `undo` when the present test has ended, however it ends; the last one given is called first. */
export function onTestEnd(undo: () => unknown): void {
  undos.push(undo);
}
