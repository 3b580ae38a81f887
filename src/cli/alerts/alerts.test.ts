/** Without an API server; test/e2e/alert-commands.test.ts uses one. */
import { expect, test } from '@jest/globals';
import { hostileAlert, sampleAlert } from '../../../test/support/sample-alert.ts';
import type { AlertRecord } from '../../detect/alert.ts';
import { alertResource, alertStatus } from '../../kubernetes/alert-resource.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { type AlertObject, readAlert } from './alert-object.ts';
import { describeAlertObject } from './describe-alert.ts';
import { ALERT_OUTPUTS, printAlerts } from './print-alerts.ts';
import { selectAlerts } from './select-alerts.ts';

/** A minute after the sample alert was seen. */
const NOW = 1_772_366_460_000_000;

function objectOf(alert: AlertRecord, phase = 'Open'): AlertObject {
  return readAlert({ ...alertResource(alert), status: { ...alertStatus(alert.state), phase } });
}

const clusterWith = (...alerts: readonly AlertObject[]): ClusterClient => ({
  call: async () => ({ metadata: {}, items: alerts }),
  find: async ({ path }) => alerts.find(({ metadata }) => path.endsWith(`/${metadata.name}`)),
});
const namesOf = (alerts: readonly AlertObject[]) => alerts.map(({ metadata }) => metadata.name);

test('every output format escapes hostile text', () => {
  // The API server rejects such names, but we do not control its answers.
  const hostile = readAlert({ ...objectOf(hostileAlert()), metadata: { name: 'a\u001b[2J\u202e' } });
  const raw = readAlert({
    ...hostile,
    spec: { ...hostile.spec, reason: '\u009b2J\u200b', display: { user: '\n\u0007' } },
  });
  const printed = [...ALERT_OUTPUTS.map((output) => printAlerts([raw, raw], output, NOW)), describeAlertObject(raw)];
  for (const text of printed) expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  expect(printAlerts([raw], 'table', NOW).split('\n')).toHaveLength(3); // a newline in a name adds no row
});

test('the table has the columns of kubectl get alerts', () => {
  const text = printAlerts([objectOf(sampleAlert({ id: 'one' }))], 'wide', NOW);
  expect(text).toMatch(
    /^NAME +SEVERITY +RULE +USER +ACTION +OBJECT +COUNT +STATUS +LAST SEEN +AGE +SOURCE +USER AGENT +/,
  );
  expect(text).toMatch(
    /^one +medium +anonymous-request-unusual-agent +system:anonymous +list +pods in default +1 +Open +59s /m,
  );
});

test('selectors combine', async () => {
  const [old, ci, closed] = [
    objectOf(sampleAlert({ id: 'old', state: { lastSeen: NOW - 3_600_000_000 } })),
    objectOf(sampleAlert({ id: 'ci', spec: { severity: 'high', actor: { user: 'system:serviceaccount:ci:build' } } })),
    objectOf(sampleAlert({ id: 'closed', cluster: 'other' }), 'Closed'),
  ];
  const cluster = clusterWith(old, ci, closed);
  const select = async (flags: object) => namesOf((await selectAlerts([], flags, cluster, NOW)).alerts);
  expect((await select({})).at(-1)).toBe('old'); // most recently seen first
  expect(await select({ since: 600_000_000, phase: ['Open'] })).toEqual(['ci']);
  expect(await select({ user: 'system:serviceaccount:ci:*' })).toEqual(['ci']);
  expect(await select({ user: 'system:serviceaccount:*', severity: ['low'] })).toEqual([]);
  expect(await select({ cluster: 'other' })).toEqual(['closed']);
  expect(await select({ rule: 'anonymous-*', severity: ['high', 'low'] })).toEqual(['ci']);
  expect(await select({ rule: 'anonymous' })).toEqual([]);
});

test('names in the form of kubectl are accepted, missing ones are reported', async () => {
  const cluster = clusterWith(objectOf(sampleAlert({ id: 'one' })));
  const { alerts, missing } = await selectAlerts(['alert.firstseen.dev/one', 'one', 'two'], {}, cluster, NOW);
  expect(namesOf(alerts)).toEqual(['one']);
  expect(missing).toEqual(['two']);
  await expect(selectAlerts(['one'], { rule: 'x' }, cluster, NOW)).rejects.toThrow(/names or selectors, not both/);
});

test('show prints all sections', () => {
  const text = describeAlertObject(objectOf(sampleAlert({ id: 'one' })));
  const titles = text.split('\n').filter((line) => /^\S+( \S+)?:$/.test(line));
  expect(titles).toEqual(['Status:', 'New terms:', 'Who:', 'Request:', 'Evidence:']);
  expect(text).toMatch(/^Reason: +user agent "masscan\/1\.3" not seen in 7d/m);
  expect(text).toMatch(/^ {2}Outcome: +allowed, HTTP 200$/m);
  expect(text).not.toMatch(/Forwarded|Dry run|undefined/);
});

test('show prints the top users and sources of an overflow alert', () => {
  const overflow = {
    since: 0,
    users: [
      ['mallory\u001b', 40, 39],
      ['eve', 7, 0],
    ],
    sources: [['203.0.113.7', 47, 0]],
  } as const;
  const samples = ['eve list pods: a', 'eve list pods: b'];
  const text = describeAlertObject(objectOf(sampleAlert({ spec: { overflow: true }, state: { overflow, samples } })));
  expect(text).toMatch(/^Over the budget:\n {2}Most by: +eve: at least 7\n +mallory\\u\{1b\}: at least 1$/m);
  expect(text).toMatch(
    /^ {2}Most from: +203\.0\.113\.7: at least 47\n {2}Such as: +eve list pods: a\n +eve list pods: b$/m,
  );
});
