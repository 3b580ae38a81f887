import { clip, type ProblemKind } from '../problem.ts';

/** A mistake in words for the author, and what to write instead. */
export interface Advice {
  readonly message: string;
  readonly hint: string;
  /** Set if the construct is valid elsewhere but not supported here. */
  readonly as?: ProblemKind;
}

const SQL_OPERATOR = /^(.*?)\s*(===?|!==?|=~|=)\s*(.*)$/s;
/** The start of an EQL query. */
const EQL_EVENT = /^\w+ where\b/;
const EQL_SEQUENCE = /^sequence(?: by\b| with\b| \[)/;
const PROGRAM_WORDS: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '&': 'and', '|': 'or' };

/**
 * Advice on a text without a field where a condition is expected. Kibana would search all fields for it.
 *
 * `next` is the source that follows; empty if the condition ends properly there.
 */
export function adviseFreeText(literal: string, next: string): Advice {
  const text = clip(literal);
  if (EQL_EVENT.test(text) || EQL_SEQUENCE.test(text)) {
    const hint = EQL_EVENT.test(text) ? 'set type: eql, or language: eql' : 'set type: eql';
    return { message: 'this is parsed as KQL but looks like EQL', hint };
  }
  const [, name = '', operator, rest = ''] = SQL_OPERATOR.exec(text) ?? [];
  if (operator !== undefined && name !== '' && !name.includes(' ')) {
    const value = clip(rest === '' ? next : rest) || 'value';
    const not = operator.startsWith('!') ? 'not ' : '';
    return { message: `\`${operator}\` is not a KQL operator`, hint: `write ${not}${clip(name)}:${value}` };
  }
  const [field = '', word = ''] = text.split(' ');
  if (/^(?:in|is|like|equals|contains)$/i.test(word)) {
    const value = next.startsWith('(') ? '("a" or "b")' : 'value';
    return { message: `\`${word}\` is not a KQL operator`, hint: `write ${clip(field)}:${value}` };
  }
  return {
    message: `\`${text}\` has no field: searching all fields is not supported`,
    hint: 'write field:value, for example kubernetes.audit.verb:create',
    as: 'unsupported',
  };
}

/** Advice on a colon directly after a value: `words` is the unquoted value, `whole` the source up to the next space. */
export function adviseColon(words: readonly string[], whole: string): Advice {
  const program = words.map((word) => ({ word, keyword: PROGRAM_WORDS[word] })).find(({ keyword }) => keyword);
  if (program !== undefined) {
    return { message: `\`${program.word}\` is not a KQL operator`, hint: `write ${program.keyword} instead` };
  }
  if (words.length > 1) {
    const field = clip(words[words.length - 1] ?? '');
    return {
      message: 'expected `and` or `or` between the conditions',
      hint: `write \`and\` or \`or\` before ${field}`,
    };
  }
  const escaped = whole.replace(/:/g, '\\:');
  return {
    message: 'a `:` in a value must be quoted or escaped',
    hint: `write "${clip(whole)}" or ${clip(escaped)}`,
  };
}

/** Advice on a value in single quotes, which KQL reads as part of the value; undefined if there are none. */
export function adviseSingleQuotes(text: string): Advice | undefined {
  if (text.length < 2 || !text.startsWith("'") || !text.endsWith("'")) return undefined;
  const inner = clip(text.slice(1, -1)).replace(/["\\]/g, '\\$&');
  return {
    message: 'KQL has no single quotes',
    hint: `write "${inner}"; or, if the quotes are part of the text, "'${inner}'"`,
  };
}
