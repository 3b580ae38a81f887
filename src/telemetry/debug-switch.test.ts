import { expect, jest, test } from '@jest/globals';
import { onTestEnd } from '../../test/support/on-test-end.ts';
import { createDebugSwitch } from './debug-switch.ts';
import type { LogLevel } from './logger.ts';

function switching(limitMs?: number) {
  const levels: LogLevel[] = [];
  const said: string[] = [];
  const logger = {
    setLevel: (level: LogLevel) => void levels.push(level),
    info: (message: string) => void said.push(`${levels.at(-1)}: ${message}`),
  };
  return { ...createDebugSwitch(logger, 'warn', limitMs), levels, said };
}

test('switches to debug, and back to the configured level', () => {
  const { flip, levels, said } = switching();
  flip();
  flip();
  flip();
  flip();
  expect(levels).toEqual(['debug', 'warn', 'debug', 'warn']);
  // The entry about the way back comes before the change of level, which would hide it.
  expect(said.slice(0, 2)).toEqual(['debug: log level is debug for now', 'debug: log level is restored']);
});

test('switches back by itself, once', () => {
  jest.useFakeTimers();
  onTestEnd(() => jest.useRealTimers());
  const { flip, levels } = switching(1_000);
  flip();
  jest.advanceTimersByTime(999);
  expect(levels).toEqual(['debug']);
  jest.advanceTimersByTime(1);
  expect(levels).toEqual(['debug', 'warn']);
  flip();
  flip();
  jest.advanceTimersByTime(5_000);
  expect(levels).toEqual(['debug', 'warn', 'debug', 'warn']);
});
