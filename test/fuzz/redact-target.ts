import { expect } from '@jest/globals';
import { redactEvent } from '../../src/audit/redact-event.ts';
import { redactText } from '../../src/audit/redact-text.ts';
import { redactUri } from '../../src/audit/request-uri.ts';
import { mutate, type Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const SECRET = 'hunter2-hunter2';
/** Ways in which a secret stands in a text. */
const FORMS = [
  `Bearer ${SECRET}`,
  `Basic%20${SECRET}`,
  `Authorization: ${SECRET}`,
  `authorization=Custom ${SECRET}`,
  `access_token=${SECRET}`,
  `"password": "${SECRET}"`,
  `--db-password ${SECRET}`,
  `https://eve:${SECRET}@example.org`,
  `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`,
  `eyJhbGciOiJub25lIn0.${SECRET}.x`,
] as const;
/** What the search looks for, and what could make it look long. */
const PIECES = [
  'eyJ',
  '://',
  ':',
  '@',
  'token',
  '=',
  '-----BEGIN ',
  'PRIVATE KEY-----',
  '--',
  '%20',
  ' ',
  '"',
  '😀',
  '\u0000',
] as const;
const LONGEST = 256 * 1024;

/** Texts that are made to be looked at for long; a secret that has a form is found whatever stands around it. */
export const redactTarget: FuzzTarget = {
  name: 'redact',
  generate: (random) => mutate(random, noise(random), PIECES),
  check(input, random) {
    const long = input.repeat(Math.ceil(LONGEST / Math.max(1, input.length))).slice(0, LONGEST);
    redactText(long);
    redactUri(`/x?${long}`, random.pick(['show', 'hide']));

    // A name that says that a secret follows takes the next word for it, so none stands before.
    const text = `${noise(random).replaceAll('token', '')} ${random.pick(FORMS)} ${input}`;
    expect(redactText(text)).not.toContain(SECRET);
    expect(redactUri(`/x?${encodeURIComponent(input.toWellFormed())}=${SECRET}&y=${SECRET}`, 'show')).not.toContain(
      SECRET,
    );

    const body = { data: { [input]: SECRET }, spec: { [input]: text } };
    const event = {
      verb: input,
      userAgent: text,
      requestObject: random.chance(0.5) ? body : [{ op: 'add', path: '', value: body }],
    };
    const { event: redacted } = redactEvent(
      { event, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false },
      { execArguments: 'show' },
    );
    expect(JSON.stringify(redacted)).not.toContain(SECRET);
    expect(Object.keys(redacted)).toEqual(Object.keys(event));
  },
  timeLimitMs: 1_000,
};

function noise(random: Random): string {
  return Array.from({ length: random.below(8) }, () => random.pick(PIECES)).join('');
}
