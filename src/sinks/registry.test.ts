import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesOptionsSchema } from '../kubernetes/options.ts';
import { sinksOptionsSchema } from './options.ts';
import { createSinks } from './registry.ts';

const deps = { write: () => {}, instance: 'pod-0' };
const kubernetes = { call: async () => ({ kind: 'ok', body: {} }) as const };

test('without a Kubernetes API alerts are lines', () => {
  const options = { kubernetes: kubernetesOptionsSchema.parse({}), sinks: sinksOptionsSchema.parse({}) };
  assert.deepEqual(
    createSinks({ ...deps, kubernetes: undefined }, options).map(({ name }) => name),
    ['log'],
  );
});

test('with one they are Alerts and Events too, unless switched off', () => {
  const names = (events: boolean, log: boolean) =>
    createSinks(
      { ...deps, kubernetes },
      {
        kubernetes: kubernetesOptionsSchema.parse({ events: { enabled: events } }),
        sinks: sinksOptionsSchema.parse({ log: { enabled: log } }),
      },
    ).map(({ name }) => name);
  assert.deepEqual(names(true, true), ['alert', 'kubernetes-event', 'log']);
  assert.deepEqual(names(false, false), ['alert']);
});
