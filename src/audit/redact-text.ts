/** Stands where a secret was. */
export const REDACTED = 'REDACTED';

/** What nearly every text is without; the texts that have one of these are looked at closely. */
const SUSPECT = /eyJ|bearer|basic|authorization|token|passw|passphrase|pwd|secret|key|credential|sig|:\/\//i;

const SPACE = '(?:\\s|%20|\\+)';
const NAMES =
  'token|password|passwd|passphrase|pwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|signature|(?<![a-z])sig';

/** A quote, also one in a text that stands quoted in another. */
const QUOTE = '\\\\{0,3}["\']';

/** A value: quoted up to the quote that began it, or what has no blank in it. The second group of its form is the quote. */
function valueWithout(others: string): string {
  return `(?:(${QUOTE})(?:(?!\\2)(?:\\\\[\\s\\S]|[^\\\\]))+|[^\\s"'${others}]+)`;
}

/**
 * The forms that a secret has in any text. None can fail after a long look ahead, and none begins where another one of its kind has looked
 * already, so that each costs time linear in the text.
 */
const FORMS: readonly (readonly [form: RegExp, shown: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  // The header of a JSON Web Token is JSON, which begins so in base64.
  [/eyJ[\w-]{8,}(?:\.[\w-]+){0,4}/g, REDACTED],
  // The header of HTTP, with or without a scheme.
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
 * UTF-16 units that are looked at; what is beyond goes. No text that is kept or shown is nearly as long, also after a few secrets in
 * it have become short.
 */
const LONGEST = 16_384;

/**
 * The text without the secrets that can be told by their form: credentials of HTTP, JSON Web Tokens, private keys, passwords in
 * URLs, and what is called a token, password, secret or key where a value follows. The same text if it has none.
 */
export function redactText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const looked = text.length > LONGEST ? text.slice(0, LONGEST).toWellFormed() : text;
  return FORMS.reduce((left, [form, shown]) => left.replace(form, shown), looked);
}

/** True of the name of an option after which a secret stands, such as `--db-password`. */
export function announcesSecret(word: string): boolean {
  return SECRET_OPTION.test(word);
}

const SECRET_OPTION = new RegExp(`^--?(?:[\\w-]{0,40}-)?(?:${NAMES})$`, 'i');
