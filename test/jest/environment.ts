import { constants } from 'node:os';
import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

const ERRORS = { Error, TypeError, RangeError, SyntaxError } as const;

/** The files whose tests run in this process: one at a time. */
const running = new Set<TestEnvironment>();

// A worker must not outlive Jest, nor what a test has started outlive the worker.
process.once('exit', () => {
  for (const file of running) file.exit();
});
// To listen to `disconnect` would keep the worker alive.
setInterval(() => process.connected === false && process.exit(1), 1_000).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

/**
 * Each test file has built-in objects of its own, and Node's modules make their errors with those of the process.
 * `instanceof` knows both here, as it does outside of Jest, where they are the same.
 *
 * Each file also has a `process` of its own. It exits when the file has ended: then what runs is killed, and temporary
 * folders go.
 */
export default class TestEnvironment extends NodeEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    running.add(this);
    for (const [name, outer] of Object.entries(ERRORS)) {
      const inner = this.global[name as keyof typeof ERRORS];
      Object.defineProperty(inner, Symbol.hasInstance, {
        value(this: unknown, value: unknown) {
          const isOwn = Function.prototype[Symbol.hasInstance].call(this as never, value);
          return isOwn || (this === inner && value instanceof outer);
        },
      });
    }
  }

  override async teardown(): Promise<void> {
    running.delete(this);
    this.exit();
    await super.teardown();
  }

  exit(): void {
    this.global.process.emit('exit', 0);
  }
}
