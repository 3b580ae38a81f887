import { textValue } from './values.ts';

/** The name as used in a field name: dots become underscores. */
export function fieldNameOf(name: string): string {
  return name.replaceAll('.', '_');
}

/**
 * A reader of one member of annotations or labels, by its name with dots or with underscores: Elastic's documents have
 * underscores, which cannot be undone from the name alone.
 * @param likely the most likely spelling, tried first
 */
export function spelledReader(
  name: string,
  likely: string = name,
): (members: Readonly<Record<string, string>> | undefined) => string | undefined {
  const wanted = fieldNameOf(name);
  const isInherited = likely in Object.prototype;
  return (members) => {
    if (members === undefined) return undefined;
    const value = isInherited ? undefined : members[likely];
    if (value !== undefined) return textValue(value);
    for (const key in members) if (isSpelled(key, wanted)) return textValue(members[key]);
    return undefined;
  };
}

/** True if the key, with its dots replaced by underscores, is `wanted`. */
function isSpelled(key: string, wanted: string): boolean {
  if (key.length !== wanted.length) return false;
  for (let index = 0; index < key.length; index++) {
    const character = key[index] === '.' ? '_' : key[index];
    if (character !== wanted[index]) return false;
  }
  return true;
}
