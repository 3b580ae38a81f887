import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('it goes to debug, and back to the level that was configured', () => {
  const { flip, levels, said } = switching();
  flip();
  flip();
  flip();
  flip();
  assert.deepEqual(levels, ['debug', 'warn', 'debug', 'warn']);
  // Said while the level lets it through, on the way back too.
  assert.deepEqual(said.slice(0, 2), ['debug: log level is debug for a while', 'debug: log level is back']);
});

test('it goes back by itself, once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { flip, levels } = switching(1_000);
  flip();
  t.mock.timers.tick(999);
  assert.deepEqual(levels, ['debug']);
  t.mock.timers.tick(1);
  assert.deepEqual(levels, ['debug', 'warn']);
  flip();
  flip();
  t.mock.timers.tick(5_000);
  assert.deepEqual(levels, ['debug', 'warn', 'debug', 'warn']);
});
