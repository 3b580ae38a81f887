import type { CompiledRule } from '../../rules/compiled-rule.ts';
import { describeValue } from '../../rules/document-problem.ts';
import type { Hashes } from '../../rules/hashes.ts';
import { rememberedTerm } from '../../rules/kinds/new-terms.ts';
import { CommandError } from '../io.ts';

const HASH = /^#[\w-]{43}$/;

/** True if the text is a remembered term of so many fields: the exact JSON list of its values, or a hash. */
export function isRememberedTerm(term: string, fields: number): boolean {
  if (HASH.test(term)) return true;
  const values = listed(term);
  return values?.length === fields && JSON.stringify(values) === term;
}

/**
 * Parses a term: the JSON list of its values as `terms list` prints it, a bare value for a rule with one field, or a
 * hash. Normalises the values.
 */
export function termOf(argument: string, rule: CompiledRule, hashes: Hashes): string {
  if (HASH.test(argument)) return argument;
  const values = argument.startsWith('[') ? listed(argument) : undefined;
  if (values !== undefined) return termOfValues(values, rule, hashes);
  if (rule.termFields.length === 1) return termOfValues([argument], rule, hashes);
  const fields = rule.termFields.map(({ name }) => name);
  throw new CommandError(
    `a term of ${rule.document.name} has ${fields.length} values, for ${fields.join(', ')}; found ${describeValue(argument)}\n` +
      `  hint: write them as a list, such as '${JSON.stringify(fields.map(() => 'value'))}'`,
  );
}

/** @throws CommandError if the number of values differs from the number of fields */
export function termOfValues(
  values: readonly string[],
  { document, termFields }: CompiledRule,
  hashes: Hashes,
): string {
  if (values.length !== termFields.length) {
    throw new CommandError(
      `a term of ${document.name} has ${termFields.length} values, for ${termFields.map(({ name }) => name).join(', ')}; found ${values.length}`,
    );
  }
  const terms = values.map((value, i) => {
    const canonical = termFields[i]?.canonicalise?.(value);
    return { value, ...(canonical !== undefined && { canonical }) };
  });
  return rememberedTerm(terms, hashes);
}

/** Undefined if the text is not a JSON list of strings. */
function listed(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
