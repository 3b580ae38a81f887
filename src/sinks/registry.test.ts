import { expect, test } from '@jest/globals';
import { kubernetesOptionsSchema } from '../kubernetes/options.ts';
import { sinksOptionsSchema } from './options.ts';
import { createSinks } from './registry.ts';

const deps = { write: () => {}, instance: 'pod-0' };
const kubernetes = { call: async () => ({ kind: 'ok', body: {} }) as const };

test('without a Kubernetes API the log is the only sink', () => {
  const options = { kubernetes: kubernetesOptionsSchema.parse({}), sinks: sinksOptionsSchema.parse({}) };
  expect(createSinks({ ...deps, kubernetes: undefined }, options).map(({ name }) => name)).toEqual(['log']);
});

test('with a Kubernetes API there are Alerts and, unless switched off, Events', () => {
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
