import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { runCommand } from './command-line.ts';
import { expectPresent } from './expect.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface DoctorFinding {
  readonly check: string;
  readonly severity: 'ok' | 'warning' | 'error' | 'unchecked';
  readonly what: string;
  readonly why?: string;
  readonly mend?: string;
}

export interface DoctorRun {
  readonly code: number | null;
  readonly counts: Readonly<Record<DoctorFinding['severity'], number>>;
  readonly findings: readonly DoctorFinding[];
  /** All that it wrote. */
  readonly text: string;
}

/** Runs `firstseen doctor -o json` An undefined value leaves the flag out. */
export async function runDoctor(flags: Readonly<Record<string, string | undefined>>): Promise<DoctorRun> {
  const args = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]));
  const { code, stdout, stderr } = await runCommand(['doctor', ...args, '-o', 'json']);
  if (stderr !== '') throw new Error(`doctor ended with ${code}\n${stderr}`);
  const report = JSON.parse(stdout) as Pick<DoctorRun, 'counts' | 'findings'>;
  return { ...report, code, text: stdout };
}

/** What doctor's own requests with a bad credential leave in the counters of firstseen, for as long as that runs. */
const OWN_TRACES = /^\d+ requests were refused: /;

/** What is worse than ok, without the traces of earlier runs. */
export function wrongIn({ findings }: Pick<DoctorRun, 'findings'>): readonly DoctorFinding[] {
  return findings.filter(({ severity, what }) => severity !== 'ok' && !OWN_TRACES.test(what));
}

export function assertFine(run: DoctorRun): void {
  expect(wrongIn(run)).toEqual([]);
}

/** The one finding of a check that is like this; every finding worse than ok has to be of that check. */
export function theFault(
  run: DoctorRun,
  check: string,
  severity: DoctorFinding['severity'],
  what: RegExp,
): DoctorFinding {
  const bad = wrongIn(run);
  expect([...new Set(bad.map((finding) => finding.check))]).toEqual([check]);
  const found = bad.filter((finding) => finding.severity === severity && what.test(finding.what));
  expect(found).toHaveLength(1);
  const [fault] = found;
  expectPresent(fault?.mend);
  expectPresent(fault.why);
  expect(run.code).toBe(severity === 'error' ? 1 : 3);
  return fault;
}

/** Writes a copy of a JSON or YAML file with something changed, and gives its path. */
export function changedFile(file: string, change: (text: string) => string): string {
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before); // nothing was changed
  return newFile('changed', after);
}

export function newFile(name: string, text: string): string {
  const path = join(createTemporaryFolder('doctor'), name);
  writeFileSync(path, text);
  return path;
}
