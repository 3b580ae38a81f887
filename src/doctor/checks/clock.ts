import { span } from '../certificate.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, warning } from '../finding.ts';

/** The Date header has whole seconds, and the answer falls somewhere within its second. */
const NOTICED_MS = 5_000;
/** An event this far ahead takes its time of receipt as its time. */
const REFUSED_MS = 10 * 60_000;

/** Whether the API server's clock agrees with this machine's, by the Date header of its answers. */
export const clockCheck: Check = {
  name: 'clock',
  async run(subject) {
    const before = subject.now();
    const { date } = await (await subject.api()).ask({ path: '/version' });
    const after = subject.now();
    const there = Date.parse(date ?? '');
    if (Number.isNaN(there))
      throw new CannotCheck('the API server sends no Date header', 'date -u    # on both machines, and compare');
    return [clockFinding(there + 500 - (before + after) / 2)];
  },
};

/** @param skewMs how far the API server's clock is ahead of ours */
export function clockFinding(skewMs: number): Finding {
  const size = Math.abs(skewMs);
  if (size < NOTICED_MS) return ok('the API server and this machine have the same time');
  const what = `the clock of the API server is ${span(size)} ${skewMs > 0 ? 'ahead of' : 'behind'} this one`;
  const mend = 'chronyc tracking    # on both machines; or: timedatectl status';
  if (size < REFUSED_MS)
    return warning(what, {
      why: 'alerts have the wrong time, and certificates and tokens may not be valid yet',
      mend,
    });
  return failure(what, {
    why: 'events from more than 10 minutes ahead get their time of receipt, and history windows of rules are off',
    mend,
  });
}
