/** Replaces a secret. */
export const REDACTED = 'REDACTED';

/** A quick check: text without any of these has no secret. Most text has none of them. */
const SUSPECT = /eyJ|bearer|basic|authorization|token|passw|passphrase|pwd|secret|key|credential|sig|:\/\//i;

const SPACE = '(?:\\s|%20|\\+)';
const NAMES =
  'token|password|passwd|passphrase|pwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|signature|(?<![a-z])sig';

/** A quotation mark, escaped or not: the text may itself be quoted in another. */
const QUOTE = '\\\\{0,3}["\']';

/**
 * A value: quoted up to the matching quotation mark, or up to the next blank. Group 2 of the pattern is the quotation
 * mark.
 */
function valueWithout(others: string): string {
  return `(?:(${QUOTE})(?:(?!\\2)(?:\\\\[\\s\\S]|[^\\\\]))+|[^\\s"'${others}]+)`;
}

/**
 * The forms of a secret in any text. No pattern fails after a long lookahead or starts where another match of its kind
 * has already looked, so each costs time linear in the text.
 */
const FORMS: readonly (readonly [form: RegExp, shown: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  // The header of a JSON Web Token is JSON; in base64 it begins like this.
  [/eyJ[\w-]{8,}(?:\.[\w-]+){0,4}/g, REDACTED],
  // The Authorization header of HTTP, with or without a scheme.
  [
    new RegExp(
      `(authorization["']?\\s{0,2}(?:[:=]|%3A|%3D)${SPACE}{0,4}["']?(?:[a-z]{1,20}${SPACE}{1,4})?)[^\\s"'&,;]+`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
  [new RegExp(`((?:bearer|basic)${SPACE}{1,8})[\\w.~+/%=-]{8,}`, 'gi'), `$1${REDACTED}`],
  // name=value, "name": "value", name: value
  [
    new RegExp(
      `((?:${NAMES})(?:[ \\t]{0,2}(?:=|%3D)[ \\t]{0,2}|${QUOTE}\\s{0,2}:\\s{0,2}|:\\s{1,2}|%3A(?:%20|\\+)?))${valueWithout('&,;<>{}')}`,
      'gi',
    ),
    `$1$2${REDACTED}`,
  ],
  // --name value
  [new RegExp(`(--?(?:[\\w]{1,20}-)?(?:${NAMES})${SPACE}{1,4})${valueWithout('&+')}`, 'gi'), `$1$2${REDACTED}`],
  [/(:\/\/[^\s/:@]{0,256}:)[^\s/@]{1,256}@/g, `$1${REDACTED}@`],
];

/**
 * UTF-16 units that are searched; the rest is dropped. No text that is kept or shown is nearly this long, even after
 * redaction.
 */
const LONGEST = 16_384;

/**
 * The text without recognisable secrets: HTTP credentials, JSON Web Tokens, private keys, passwords in URLs, and the
 * values of anything named token, password, secret or key. Returns the same text if there are none.
 */
export function redactText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const looked = text.length > LONGEST ? text.slice(0, LONGEST).toWellFormed() : text;
  return FORMS.reduce((left, [form, shown]) => left.replace(form, shown), looked);
}

/** True if the option takes a secret, such as `--db-password`. */
export function announcesSecret(word: string): boolean {
  return SECRET_OPTION.test(word);
}

const SECRET_OPTION = new RegExp(`^--?(?:[\\w-]{0,40}-)?(?:${NAMES})$`, 'i');
