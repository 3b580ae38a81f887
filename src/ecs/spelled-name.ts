import { textValue } from './values.ts';

/** The name as it stands in a field name: dots as underscores. */
export function fieldNameOf(name: string): string {
  return name.replaceAll('.', '_');
}

/**
 * A reader of one member of annotations or labels, by its name with dots or with underscores for them: Elastic's
 * documents have underscores, which cannot be undone by looking at a name.
 * @param likely how the name is most likely written, which is tried first
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

/** True if the key with underscores for its dots is `wanted`. */
function isSpelled(key: string, wanted: string): boolean {
  if (key.length !== wanted.length) return false;
  for (let index = 0; index < key.length; index++) {
    const character = key[index] === '.' ? '_' : key[index];
    if (character !== wanted[index]) return false;
  }
  return true;
}
