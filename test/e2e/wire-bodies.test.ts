import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sqliteState } from '../support/cluster.ts';
import { startFirstseen } from '../support/firstseen.ts';

/** What a real API server has sent, poisoned and odd events among it. It stands beside the project, not in it. */
const BODIES = fileURLToPath(
  new URL('../../../shared/corpora/wire-kube-apiserver-1.36.3/request-bodies.ndjson', import.meta.url),
);
const skip = existsSync(BODIES) ? false : 'the recorded bodies (../shared/corpora) are not on this machine';

test('the bodies of a real API server pass through with nothing thrown', { skip }, async () => {
  const firstseen = await startFirstseen({ state: sqliteState() });
  const bodies = readFileSync(BODIES, 'utf8').split('\n').filter(Boolean);
  let items = 0;
  for (const body of bodies) {
    assert.equal(await firstseen.post(`${body}\n`), 200);
    items += (JSON.parse(body) as { readonly items: readonly unknown[] }).items.length;
  }
  assert.ok(items > 0);
  assert.equal(await firstseen.metric('firstseen_events_total', { outcome: 'evaluated' }), items);
  for (const metric of ['quarantined_total', 'rule_errors_total', 'requests_refused_total']) {
    assert.equal(await firstseen.metric(`firstseen_${metric}`), 0, metric);
  }
  assert.deepEqual(await firstseen.stop(), { code: 0, signal: null });
  assert.doesNotMatch(firstseen.log(), /"level":"(?:error|warn)"/);
});
