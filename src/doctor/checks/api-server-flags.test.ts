import { expect, test } from '@jest/globals';
import { given, subjectOf } from '../../../test/support/doctor-subject.ts';
import { API_SERVER_FLAGS } from '../../http/api-server-flags.ts';
import { apiServerFlagsCheck } from './api-server-flags.ts';

const FILES = ['--audit-policy-file=/p', '--audit-webhook-config-file=/w'];
const RECOMMENDED = [...FILES, ...API_SERVER_FLAGS.map(({ name, value }) => `--${name}=${value}`)];

async function check(...flags: readonly string[]): Promise<readonly string[]> {
  const findings = await apiServerFlagsCheck.run(subjectOf({ apiServerFlags: given(flags.join('\n'), 'F') }));
  return findings.map(({ severity, what }) => `${severity}: ${what}`);
}

test('the flags that webhook-config prints are in order', async () => {
  expect(await check(...RECOMMENDED)).toEqual(['ok: F sends batches of at most 100 events, 1s after the first']);
});

test('what kube-apiserver does by itself is judged too', async () => {
  expect(await check(...FILES)).toEqual([
    'error: F does not truncate events: --audit-webhook-truncate-enabled is not true',
    'warning: F waits 30 s until it sends a batch (--audit-webhook-batch-max-wait)',
  ]);
});

for (const [flag, found] of [
  ['--audit-webhook-mode=blocking-strict', 'error: F has --audit-webhook-mode=blocking-strict'],
  [
    '--audit-webhook-batch-max-size=1000',
    'error: F may send bodies of 98 MiB; firstseen takes 64 (receiver.maxBodyBytes)',
  ],
  [
    '--audit-webhook-truncate-max-event-size=1048576',
    'error: F may send bodies of 100 MiB; firstseen takes 64 (receiver.maxBodyBytes)',
  ],
  [
    '--audit-webhook-batch-max-wait=1m30s',
    'warning: F waits 90 s until it sends a batch (--audit-webhook-batch-max-wait)',
  ],
  ['--audit-webhook-batch-buffer-size=500', 'warning: F buffers 500 events (--audit-webhook-batch-buffer-size)'],
  [
    '--audit-webhook-batch-throttle-qps=2',
    'warning: F sends at most 200 events a second (throttle-qps times batch-max-size)',
  ],
  [
    '--audit-webhook-batch-initial-backoff=500ms',
    'warning: F gives a batch up after about 4 s (--audit-webhook-initial-backoff=0.5s)',
  ],
] as const) {
  test(flag, async () => expect(await check(...RECOMMENDED, flag)).toEqual([found]));
}

test('a throttle that is switched off limits nothing', async () => {
  const flags = ['--audit-webhook-batch-throttle-qps=1', '--audit-webhook-batch-throttle-enable=false'];
  expect(await check(...RECOMMENDED, ...flags)).toHaveLength(1);
});

test('a file without flags is not taken for one in order', async () => {
  await expect(check('hello')).rejects.toThrow(/^F has no flag that begins with audit-/);
});
