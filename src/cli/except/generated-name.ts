/**
 * What Kubernetes makes names of that nobody chose: five characters, after the hash of a template in the pods of a Deployment.
 *
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go (the alphabet: no vowels, nothing that looks like them)
 */
const OF_TEMPLATE = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
/** A word may look like it; with a digit it is no word. */
const OF_CHANCE = /^(.+)-(?=[a-z]*\d)[bcdfghjklmnpqrstvwxz2456789]{5}$/;
/** A CronJob's Jobs end in the minute that they are for. */
const OF_MINUTE = /^(.+)-\d{8,10}$/;

/** What stays of a name when it is made the next time: `web` of `web-7d4b9c6f5-x2x5q`. Undefined for a name that somebody chose. */
export function generatedFrom(name: string): string | undefined {
  const base = OF_TEMPLATE.exec(name)?.[1] ?? OF_CHANCE.exec(name)?.[1];
  return OF_MINUTE.exec(base ?? name)?.[1] ?? base;
}
