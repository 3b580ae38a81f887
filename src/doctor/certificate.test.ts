import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { createTemporaryFolder } from '../../test/support/temporary-folder.ts';
import { span, subjectOf, validity } from './certificate.ts';

const DAY = 86_400_000;
const advice = { why: 'w', mend: 'm' };

/** A certificate that is valid since yesterday. */
async function ending(days: number): Promise<X509Certificate> {
  const authority = await createCertificateAuthority(createTemporaryFolder('certificate'), 'ca');
  return new X509Certificate(
    (await authority.client('c\u001b[31m', { notAfter: new Date(Date.now() + days * DAY) })).cert,
  );
}

test('warns 30 days before the end of a certificate, or in the last third of a shorter life', async () => {
  const long = await ending(365);
  const said = (certificate: X509Certificate, inDays: number) =>
    validity('it', certificate, Date.now() + inDays * DAY, advice).map(({ severity }) => severity);
  expect(said(long, 0)).toEqual([]);
  expect(said(long, 334)).toEqual([]);
  expect(said(long, 336)).toEqual(['warning']);
  expect(said(long, 366)).toEqual(['error']);
  expect(said(long, -2)).toEqual(['error']);
  const short = await ending(2);
  expect(said(short, 0.9)).toEqual([]);
  expect(said(short, 1.1)).toEqual(['warning']);
});

test('escapes control characters in the subject', async () => {
  expect(subjectOf(await ending(1))).toBe('c\\u{1b}[31m');
});

test.each([
  [0, '0 seconds'],
  [1_000, '1 second'],
  [119_000, '119 seconds'],
  [120_000, '2 minutes'],
  [3 * 3_600_000, '3 hours'],
  [47 * 3_600_000, '47 hours'],
  [2 * DAY, '2 days'],
])('%i ms are %s', (milliseconds, text) => {
  expect(span(milliseconds)).toBe(text);
});
