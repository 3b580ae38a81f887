import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { sqliteState } from '../support/cluster.ts';
import { startFirstseen } from '../support/firstseen.ts';

/** Batches of a real API server, with poisoned and odd events; kept beside the project. */
const BODIES = fileURLToPath(
  new URL('../../../shared/corpora/wire-kube-apiserver-1.36.3/request-bodies.ndjson', import.meta.url),
);
const skip = existsSync(BODIES) ? false : 'the recorded bodies (../shared/corpora) are not on this machine';

(skip ? test.skip : test)('the bodies of a real API server pass through with nothing thrown', async () => {
  const firstseen = await startFirstseen({ state: sqliteState() });
  const bodies = readFileSync(BODIES, 'utf8').split('\n').filter(Boolean);
  let items = 0;
  for (const body of bodies) {
    expect(await firstseen.post(`${body}\n`)).toBe(200);
    items += (JSON.parse(body) as { readonly items: readonly unknown[] }).items.length;
  }
  expect(items).toBeGreaterThan(0);
  expect(await firstseen.metric('firstseen_events_total', { outcome: 'evaluated' })).toBe(items);
  expect(await firstseen.metric('firstseen_quarantined_total')).toBe(0);
  expect(await firstseen.metric('firstseen_rule_errors_total')).toBe(0);
  expect(await firstseen.metric('firstseen_requests_refused_total')).toBe(0);
  expect(await firstseen.stop()).toEqual({ code: 0, signal: null });
  expect(firstseen.log()).not.toMatch(/"level":"(?:error|warn)"/);
});
