import { expect, test } from '@jest/globals';
import { evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, batchOf } from '../../test/support/events.ts';
import { detectorOf, ruleDocument } from '../../test/support/rules.ts';
import { readAlerts } from '../alerts/records.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { createEvaluator } from './create-evaluator.ts';
import { sha256Hashes } from './hashes.ts';
import type { NamespaceLabels } from './namespace-labels.ts';

const namespaceLabels: NamespaceLabels = {
  of: (cluster, namespace) => (cluster === 'local' && namespace === 'default' ? { env: 'prod', tier: '1' } : undefined),
};

const inProduction = ruleDocument({
  query: 'kubernetes.namespace_labels.env: prod',
  severity: 'low',
  severityMapping: [{ field: 'kubernetes.namespace_labels.tier', value: '1', severity: 'critical' }],
  exceptions: [
    {
      language: 'kuery',
      query: 'kubernetes.namespace_labels.tier: 1 and user.name: "system:admin"',
      reason: 'on call',
    },
  ],
});

async function openedBy(cluster: string, ...events: readonly DecodedEvent[]) {
  const { store } = evaluation([inProduction]);
  const detector = detectorOf(inProduction);
  const evaluate = createEvaluator({
    store,
    detector: () => detector,
    hashes: sha256Hashes,
    sinks: [],
    own: undefined,
    namespaceLabels,
  });
  await evaluate(cluster, batchOf(...events));
  return (await readAlerts(store, cluster)).map(({ spec }) => [spec.actor.user, spec.severity]);
}

test('queries, exceptions and severities can use namespace labels', async () => {
  const requests = ['eve', 'system:admin'].map((username) => anonymousRequest({ username }));
  expect(await openedBy('local', ...requests)).toEqual([['eve', 'critical']]);
});

test('there are no labels without a namespace or in an unknown cluster', async () => {
  const elsewhere = anonymousRequest({ event: { objectRef: { resource: 'pods', namespace: 'shop' } } });
  const nowhere = anonymousRequest({ event: { objectRef: { resource: 'nodes' } } });
  expect(await openedBy('local', elsewhere, nowhere)).toEqual([]);
  expect(await openedBy('other', anonymousRequest())).toEqual([]);
});
