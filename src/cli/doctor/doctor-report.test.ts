import { expect, test } from '@jest/globals';
import type { Found } from '../../doctor/run-checks.ts';
import { doctorReport } from './doctor-report.ts';

const FOUND: readonly Found[] = [
  { check: 'rules', severity: 'ok', what: '4 run' },
  {
    check: 'webhook',
    severity: 'error',
    what: 'expired\u001b[2J',
    why: 'nothing arrives',
    mend: 'openssl req\nkubectl apply',
  },
  { check: 'policy', severity: 'unchecked', what: 'no policy is given', mend: '--policy FILE' },
  { check: 'other', severity: 'unchecked', what: 'no policy is given', mend: '--policy FILE' },
];

test('one line per finding with why and mend below, then the totals, escaped', () => {
  expect(doctorReport(FOUND, false).split('\n')).toEqual([
    '✓ rules    4 run',
    '✗ webhook  expired\\u{1b}[2J',
    '           why   nothing arrives',
    '           mend  openssl req',
    '                 kubectl apply',
    '? policy   not checked: no policy is given',
    '           also  other',
    '           mend  --policy FILE',
    '',
    '1 ok, 0 warnings, 1 error, 2 not checked',
    'Each name is a heading of docs/guides/troubleshooting.md.',
    '',
  ]);
});

test('colours on the sign only, on request', () => {
  const lines = doctorReport(FOUND, true).split('\n');
  expect(lines[0]).toBe('\u001b[32m✓\u001b[0m rules    4 run');
  expect(lines[1]).toBe('\u001b[31m✗\u001b[0m webhook  expired\\u{1b}[2J');
});
