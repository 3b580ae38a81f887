/** For what a test cannot go on without: `const rule = rules.get(name) ?? fail('the rule is not there')`. @throws Error */
export function fail(message = 'this must not be reached'): never {
  throw new Error(message);
}
