import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

const ERRORS = { Error, TypeError, RangeError, SyntaxError } as const;

/**
 * Each test file has built-in objects of its own, and Node's modules make their errors with those of the process.
 * `instanceof` knows both here, as it does outside of Jest, where they are the same.
 */
export default class TestEnvironment extends NodeEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
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
}
