import { type Call, type FunctionRow, LONGEST_TEXT, parameter } from '../function-row.ts';

type Turn = (text: string, call: Call) => string | null;

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
const ENCODER = new TextEncoder();
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function row(name: string, doc: string, turn: Turn): FunctionRow {
  return {
    kind: 'scalar',
    name,
    parameters: [parameter('string', 'keyword')],
    returns: 'keyword',
    doc,
    evaluate: ([value], call) => {
      const text = String(value);
      call.spend(1 + (text.length >> 4));
      const turned = turn(text, call);
      return turned !== null && turned.length > LONGEST_TEXT
        ? call.warn(`the result is longer than ${LONGEST_TEXT} characters`)
        : turned;
    },
  };
}

/** `application/x-www-form-urlencoded`, decoded like Java's URLDecoder: a plus is a space. */
function urlDecode(text: string, call: Call): string | null {
  if (!text.includes('%')) return text.replaceAll('+', ' ');
  if (/%(?![0-9a-f]{2})/i.test(text)) return call.warn('URLDecoder: Illegal hex characters in escape (%) pattern');
  return text.replaceAll('+', ' ').replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Uint8Array.from({ length: run.length / 3 }, (_, index) =>
      Number.parseInt(run.slice(index * 3 + 1, index * 3 + 3), 16),
    );
    return DECODER.decode(bytes);
  });
}

function urlEncode(space: string): Turn {
  return (text) =>
    encodeURIComponent(text.toWellFormed())
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', space);
}

function toBase64(text: string): string {
  const bytes = ENCODER.encode(text);
  const binary: string[] = [];
  for (let at = 0; at < bytes.length; at += 4_096) binary.push(String.fromCharCode(...bytes.subarray(at, at + 4_096)));
  return btoa(binary.join(''));
}

function fromBase64(text: string, call: Call): string | null {
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1) return call.warn('Illegal base64 text');
  const binary = atob(text.replace(/=+$/, ''));
  return DECODER.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions */
export const ENCODING_FUNCTIONS: readonly FunctionRow[] = [
  row('from_base64', 'The text decoded from Base64.', fromBase64),
  row('to_base64', 'The text encoded in Base64.', toBase64),
  row(
    'url_decode',
    'The text with URL escapes decoded: `%2F` is a slash, `+` a space; null if an escape is invalid.',
    urlDecode,
  ),
  row('url_encode', 'The text escaped for a URL, with `+` for a space.', urlEncode('+')),
  row('url_encode_component', 'The text escaped for a part of a URL, with `%20` for a space.', urlEncode('%20')),
];
