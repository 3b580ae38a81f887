/**
 * The suffix of generated names: five characters, in pods of a Deployment after the hash of their template.
 *
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go (the alphabet, without vowels and lookalikes)
 */
const OF_TEMPLATE = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
/** Requires a digit, because some words fit the alphabet. */
const OF_CHANCE = /^(.+)-(?=[a-z]*\d)[bcdfghjklmnpqrstvwxz2456789]{5}$/;
/** The name of a CronJob's Job ends in its scheduled minute. */
const OF_MINUTE = /^(.+)-\d{8,10}$/;

/** The constant part of a generated name: `web` of `web-7d4b9c6f5-x2x5q`. Undefined for a chosen name. */
export function generatedFrom(name: string): string | undefined {
  const base = OF_TEMPLATE.exec(name)?.[1] ?? OF_CHANCE.exec(name)?.[1];
  return OF_MINUTE.exec(base ?? name)?.[1] ?? base;
}
