import { expect, test } from '@jest/globals';
import { kubernetesOptionsSchema } from '../kubernetes/options.ts';
import { sinksOptionsSchema } from './options.ts';
import { createSinks } from './registry.ts';

const deps = { write: () => {}, instance: 'pod-0' };
const kubernetes = { call: async () => ({ kind: 'ok', body: {} }) as const };

test('without a Kubernetes API alerts are lines', () => {
  const options = { kubernetes: kubernetesOptionsSchema.parse({}), sinks: sinksOptionsSchema.parse({}) };
  expect(createSinks({ ...deps, kubernetes: undefined }, options).map(({ name }) => name)).toEqual(['log']);
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
  expect(names(true, true)).toEqual(['alert', 'kubernetes-event', 'log']);
  expect(names(false, false)).toEqual(['alert']);
});
