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

test('accepts the flags that webhook-config prints', async () => {
  expect(await check(...RECOMMENDED)).toEqual(['ok: F sends batches of at most 100 events, 1s after the first']);
});

test('judges the defaults of kube-apiserver too', async () => {
  expect(await check(...FILES)).toEqual([
    'error: F does not truncate events: --audit-webhook-truncate-enabled is not true',
    'warning: F waits up to 30 s before it sends a batch (--audit-webhook-batch-max-wait)',
  ]);
});

test.each([
  ['--audit-webhook-mode=blocking-strict', 'error: F has --audit-webhook-mode=blocking-strict'],
  [
    '--audit-webhook-batch-max-size=1000',
    'error: F may send bodies of 98 MiB; firstseen accepts 64 (receiver.maxBodyBytes)',
  ],
  [
    '--audit-webhook-truncate-max-event-size=1048576',
    'error: F may send bodies of 100 MiB; firstseen accepts 64 (receiver.maxBodyBytes)',
  ],
  [
    '--audit-webhook-batch-max-wait=1m30s',
    'warning: F waits up to 90 s before it sends a batch (--audit-webhook-batch-max-wait)',
  ],
  ['--audit-webhook-batch-buffer-size=500', 'warning: F buffers 500 events (--audit-webhook-batch-buffer-size)'],
  [
    '--audit-webhook-batch-throttle-qps=2',
    'warning: F sends at most 200 events a second (throttle-qps times batch-max-size)',
  ],
  [
    '--audit-webhook-batch-initial-backoff=500ms',
    'warning: F drops a batch after about 4 s (--audit-webhook-initial-backoff=0.5s)',
  ],
])('%s', async (flag, found) => {
  expect(await check(...RECOMMENDED, flag)).toEqual([found]);
});

test('ignores the rate of a throttle that is switched off', async () => {
  const flags = ['--audit-webhook-batch-throttle-qps=1', '--audit-webhook-batch-throttle-enable=false'];
  expect(await check(...RECOMMENDED, ...flags)).toHaveLength(1);
});

test('refuses a file without audit flags', async () => {
  await expect(check('hello')).rejects.toThrow(/^F has no flag that starts with audit-/);
});
