import { clip, type ProblemKind } from '../problem.ts';

/** What is wrong in words for the person who wrote it, and what to write instead. */
export interface Advice {
  readonly message: string;
  readonly hint: string;
  /** Set if it is no mistake, and not supported. */
  readonly as?: ProblemKind;
}

const SQL_OPERATOR = /^(.*?)\s*(===?|!==?|=~|=)\s*(.*)$/s;
/** How a query in EQL begins. */
const EQL_EVENT = /^\w+ where\b/;
const EQL_SEQUENCE = /^sequence(?: by\b| with\b| \[)/;
const PROGRAM_WORDS: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '&': 'and', '|': 'or' };

/**
 * Advice on a text that stands where a condition is expected, but names no field. Kibana would search all fields for it.
 *
 * `next` is the source that follows it, empty if what follows is a proper end of a condition.
 */
export function adviseFreeText(literal: string, next: string): Advice {
  const text = clip(literal);
  if (EQL_EVENT.test(text) || EQL_SEQUENCE.test(text)) {
    const hint = EQL_EVENT.test(text) ? 'write type: eql, or language: eql' : 'write type: eql';
    return { message: 'this is read as KQL, and looks like EQL', hint };
  }
  const [, name = '', operator, rest = ''] = SQL_OPERATOR.exec(text) ?? [];
  if (operator !== undefined && name !== '' && !name.includes(' ')) {
    const value = clip(rest === '' ? next : rest) || 'value';
    const not = operator.startsWith('!') ? 'not ' : '';
    return { message: `\`${operator}\` is no operator of KQL`, hint: `write ${not}${clip(name)}:${value}` };
  }
  const [field = '', word = ''] = text.split(' ');
  if (/^(?:in|is|like|equals|contains)$/i.test(word)) {
    const value = next.startsWith('(') ? '("a" or "b")' : 'value';
    return { message: `\`${word}\` is no operator of KQL`, hint: `write ${clip(field)}:${value}` };
  }
  return {
    message: `\`${text}\` has no field: a search in all fields is not supported`,
    hint: 'write field:value, for example kubernetes.audit.verb:create',
    as: 'unsupported',
  };
}

/** Advice on a colon straight behind a value: `words` is the unquoted value, `whole` the source up to the next space. */
export function adviseColon(words: readonly string[], whole: string): Advice {
  const program = words.map((word) => ({ word, keyword: PROGRAM_WORDS[word] })).find(({ keyword }) => keyword);
  if (program !== undefined) {
    return { message: `\`${program.word}\` is no operator of KQL`, hint: `write ${program.keyword} instead` };
  }
  if (words.length > 1) {
    const field = clip(words[words.length - 1] ?? '');
    return {
      message: 'expected `and` or `or` between two conditions',
      hint: `write \`and\` or \`or\` before ${field}`,
    };
  }
  const escaped = whole.replace(/:/g, '\\:');
  return {
    message: 'a `:` inside a value must be quoted or escaped',
    hint: `write "${clip(whole)}" or ${clip(escaped)}`,
  };
}

/** Advice on a value in single quotes, which KQL takes as letters of the value; undefined if it is in none. */
export function adviseSingleQuotes(text: string): Advice | undefined {
  if (text.length < 2 || !text.startsWith("'") || !text.endsWith("'")) return undefined;
  const inner = clip(text.slice(1, -1)).replace(/["\\]/g, '\\$&');
  return {
    message: 'single quotes do not quote in KQL',
    hint: `write "${inner}"; if the quotes are part of the text, write "'${inner}'"`,
  };
}
