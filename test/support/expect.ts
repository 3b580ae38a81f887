/** Expectations that also narrow the type of what they are about, which `expect` cannot. */
import { expect } from '@jest/globals';
import type { OperationalErrorCode } from '../../src/telemetry/operational-error.ts';

/** Neither undefined nor null. */
export function expectPresent<T>(value: T): asserts value is NonNullable<T> {
  expect(value ?? undefined).toBeDefined();
}

/** The variant of a union by `kind`. A failure shows the value as it is. */
export function expectKind<T extends { readonly kind: string }, K extends T['kind']>(
  value: T | undefined,
  kind: K,
): asserts value is T extends { readonly kind: infer Kind } ? (K extends Kind ? T : never) : never {
  if (value?.kind !== kind) expect(value).toEqual(expect.objectContaining({ kind }));
}

/** The variant of a union that has `key`. */
export function expectKey<T extends object, K extends string>(
  value: T,
  key: K,
): asserts value is Extract<T, { readonly [key in K]: unknown }> {
  expect(value).toHaveProperty([key]);
}

export function expectInstance<T>(value: unknown, type: new (...parameters: never[]) => T): asserts value is T {
  expect(value).toBeInstanceOf(type);
}

export function expectArray<T>(value: T): asserts value is T & readonly unknown[] {
  expect(value).toBeInstanceOf(Array);
}

/** What `toThrow` takes for an OperationalError with this code and message. */
export function operationalError(code: OperationalErrorCode, message = /./): Error {
  const matcher: unknown = expect.objectContaining({
    name: 'OperationalError',
    code,
    message: expect.stringMatching(message),
  });
  return matcher as Error;
}

export function expectObject(value: unknown): asserts value is Record<string, unknown> {
  expect(value).toEqual(expect.any(Object));
}
