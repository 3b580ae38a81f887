/** When a status is written and what becomes of faults; the rest is tried on a real API server. */
import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { fail } from '../../test/support/fail.ts';
import { onTestEnd } from '../../test/support/on-test-end.ts';
import { waitFor } from '../../test/support/wait.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { parseDetectionRule } from '../rules/rule-schema.ts';
import { createLiveRules } from '../ruleset/live-rules.ts';
import { type RuleResource, toRuleResource } from '../ruleset/rule-resource.ts';
import type { RuleStatus } from '../ruleset/rule-status.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { ApiCall, KubernetesClient } from './client.ts';
import { createRuleStatusJob, type RuleStatusJobOptions } from './rule-status-job.ts';

const LONG = { countsMs: 600_000, gatherMs: 1, retryMs: 1 };

test('writes conditions once, and again only after an edit', async () => {
  const { calls, tell, live } = begin(LONG);
  tell(resource('a', 1), resource('b', 1));
  await waitFor(() => calls.length === 2, { what: 'the status of both' });
  tell(resource('a', 2, { query: '(' }), resource('b', 1));
  await waitFor(() => calls.length === 3, { what: 'the status of the edit' });
  live.setExceptions([]);
  await live.settled();
  tell(resource('a', 3), resource('b', 1));
  await waitFor(() => calls.length === 4, { what: 'the status of the next edit' });
  expect(calls.map(({ path }) => path.split('/').at(-2))).toEqual(['a', 'b', 'a', 'a']);
  expect(readyOf(calls[2])).toEqual(['False', 'Invalid']);
  expect(readyOf(calls[3])).toEqual(['True', 'InForce']);
});

test('the next lease holder does not repeat a status', async () => {
  const first = begin(LONG);
  first.tell(resource('a', 1));
  await waitFor(() => first.calls.length === 1, { what: 'the status' });
  // As a merge patch leaves it.
  const status = Object.fromEntries(Object.entries(statusOf(first.calls[0])).filter(([, value]) => value !== null));
  const second = begin(LONG);
  second.tell({ ...resource('a', 1), value: { ...(resource('a', 1).value as object), status } }, resource('b', 1));
  await waitFor(() => second.calls.length > 0, { what: 'the status of the other' });
  expect(second.calls.map(({ path }) => path.split('/').at(-2))).toEqual(['b']);
});

test('writes counts later, for a few rules at a time, the longest waiting first', async () => {
  const { calls, tell, send } = begin({ countsMs: 20, mostCounts: 1, gatherMs: 1, retryMs: 1 });
  tell(resource('a', 1), resource('b', 1));
  await waitFor(() => calls.length === 2, { what: 'the conditions' });
  await send(anonymousRequest({}));
  await waitFor(() => calls.length === 4, { what: 'the counts' });
  const counted = calls.slice(2).map((call) => {
    const { matches, lastMatch } = statusOf(call);
    return [call.path.split('/').at(-2), matches, lastMatch];
  });
  expect(counted).toEqual([
    ['a', 1, '2026-03-01T12:00:00Z'],
    ['b', 1, '2026-03-01T12:00:00Z'],
  ]);
});

test('retries a failed write, and skips a deleted rule', async () => {
  let failing = 2;
  const { calls, tell, warnings } = begin(LONG, async ({ path }) => {
    if (path.includes('/gone/')) return { kind: 'refused', reason: 'NotFound', message: 'gone' };
    if (failing-- > 0) throw new OperationalError('api_unavailable', 'away');
    return { kind: 'ok', body: {} };
  });
  tell(resource('gone', 1), resource('here', 1));
  await waitFor(() => calls.filter(({ path }) => path.includes('/here/')).length === 3, { what: 'the third attempt' });
  expect(warnings).toEqual(['status of rules cannot be written']);
});

function begin(
  options: RuleStatusJobOptions,
  answer: KubernetesClient['call'] = async () => ({ kind: 'ok', body: {} }),
) {
  const documents = ['a', 'b'].map((name) => resource(name, 1));
  const { store, send } = evaluation(documents.map(documentOf));
  const live = createLiveRules({ hashes: sha256Hashes });
  const calls: ApiCall[] = [];
  const warnings: string[] = [];
  let resources: readonly RuleResource[] = [];
  const job = createRuleStatusJob(
    {
      client: {
        call(call) {
          calls.push(call);
          return answer(call);
        },
      },
      store,
      live,
      resources: () => resources,
      clusters: [CLUSTER],
      hashes: sha256Hashes,
      openStore: () => openSqliteState({ kind: 'sqlite', path: ':memory:' }),
      logger: { info() {}, warn: (message: string) => void warnings.push(message) },
      now: () => NOON,
    },
    options,
  );
  job.start();
  onTestEnd(() => job.stop());
  return {
    live,
    calls,
    warnings,
    send,
    tell(...told: readonly RuleResource[]) {
      resources = told;
      live.setResources(told);
    },
  };
}

function resource(name: string, generation: number, spec: Readonly<Record<string, unknown>> = {}): RuleResource {
  const value = {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name, uid: `uid-of-${name}`, generation },
    spec: { title: name, type: 'query', query: 'user.name: "system:anonymous"', severity: 'low', ...spec },
  };
  return toRuleResource(value) ?? fail(name);
}

function documentOf({ value }: RuleResource) {
  const parsed = parseDetectionRule(value);
  return parsed.kind === 'ok' ? parsed.document : fail(JSON.stringify(parsed.problems));
}

function statusOf(call: ApiCall | undefined): RuleStatus {
  const { status } = (call ?? fail('no call')).body as { readonly status: RuleStatus };
  return status;
}

function readyOf(call: ApiCall | undefined): readonly unknown[] {
  const ready = statusOf(call).conditions.find(({ type }) => type === 'Ready');
  return [ready?.status, ready?.reason];
}
