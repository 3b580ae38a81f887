import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { sqliteState } from '../support/cluster.ts';
import { startFirstseen } from '../support/firstseen.ts';

/** What a real API server has sent, poisoned and odd events among it. It stands beside the project, not in it. */
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
  for (const metric of ['quarantined_total', 'rule_errors_total', 'requests_refused_total']) {
    expect([metric, await firstseen.metric(`firstseen_${metric}`)]).toEqual([metric, 0]);
  }
  expect(await firstseen.stop()).toEqual({ code: 0, signal: null });
  expect(firstseen.log()).not.toMatch(/"level":"(?:error|warn)"/);
});
