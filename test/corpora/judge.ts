import { MISSED, NOT_ABOUT, SAME_SUBJECT, STRICTER } from './expectations.ts';
import type { Measured } from './measure-pack.ts';

export interface Judged extends Measured {
  /** `wrong`: neither what theirs says, nor something that has a reason. */
  readonly verdict: 'detected' | 'missed' | 'silent' | 'stricter' | 'wrong';
  readonly why: string;
  /** The rules of the same subject that alert on it. */
  readonly ours: readonly string[];
}

/**
 * What a case shows. On an event that is to be left alone no rule of the same subject may alert, and no other that looks at events
 * alone; a rule of first sightings may, because on an empty state everything is new.
 */
export function judge(measured: Measured, remembers: (rule: string) => boolean): Judged {
  const { about, name, expected, fired } = measured;
  const id = `${about}: ${name}`;
  const ours = fired.filter((rule) => SAME_SUBJECT[about]?.includes(rule));
  const said = (verdict: Judged['verdict'], why = ''): Judged => ({ ...measured, verdict, why, ours });
  if (expected) {
    const why = NOT_ABOUT[about] ?? MISSED[id];
    if (ours.length > 0) return why === undefined ? said('detected') : said('wrong', `detected, though ${why}`);
    return why === undefined ? said('wrong', 'missed') : said('missed', why);
  }
  const loud = [...ours, ...fired.filter((rule) => !ours.includes(rule) && !remembers(rule))];
  const why = STRICTER[id];
  if (loud.length > 0)
    return why === undefined ? said('wrong', `not silent: ${loud.join(', ')}`) : said('stricter', why);
  return why === undefined ? said('silent') : said('wrong', `silent, though ${why}`);
}
