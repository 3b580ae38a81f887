import type { X509Certificate } from 'node:crypto';
import { excerpt } from '../audit/text.ts';
import { type Advice, type Finding, failure, warning } from './finding.ts';

const DAY_MS = 86_400_000;
const MOST_DAYS_BEFORE = 30;
const MAX_NAME_BYTES = 120;

/**
 * Judges how long a certificate is valid. Warns 30 days before the end, or in the last third of a shorter life, when
 * automatic renewal should already have happened.
 */
export function validity(what: string, certificate: X509Certificate, now: number, advice: Advice): readonly Finding[] {
  const { validFromDate: from, validToDate: to } = certificate;
  if (now > to.getTime()) return [failure(`${what} expired on ${day(to)}`, advice)];
  if (now < from.getTime()) {
    return [
      failure(`${what} is not valid before ${from.toISOString()}`, {
        ...advice,
        why: 'a clock is wrong, or the certificate was made in advance; until then it is rejected',
      }),
    ];
  }
  const lead = Math.min(MOST_DAYS_BEFORE * DAY_MS, (to.getTime() - from.getTime()) / 3);
  const left = to.getTime() - now;
  if (left > lead) return [];
  return [warning(`${what} expires on ${day(to)}, in ${span(left)}`, advice)];
}

/** Names the subject in messages: its common name, or the whole subject. */
export function subjectOf(certificate: X509Certificate): string {
  return excerpt(commonName(certificate) ?? certificate.subject.replaceAll('\n', ', '), MAX_NAME_BYTES);
}

export function commonName(certificate: X509Certificate): string | undefined {
  const name: unknown = certificate.toLegacyObject().subject.CN;
  return typeof name === 'string' ? name : undefined;
}

/** Subject alternative names, for messages. */
export function namesOf(certificate: X509Certificate): string {
  return excerpt(certificate.subjectAltName ?? 'none', 2 * MAX_NAME_BYTES);
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Formats a duration in one unit. */
export function span(ms: number): string {
  const units = [
    [DAY_MS, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  const [size, unit] = units.find(([length]) => ms >= 2 * length) ?? [1_000, 'second'];
  const count = Math.round(ms / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
