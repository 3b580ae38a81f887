import { excerpt, sanitise } from '../../audit/text.ts';
import type { Condition, LeftOut, Proposal } from './narrowest.ts';

const MAX_VALUE_BYTES = 80;

/** Explains the exception: its conditions, the values without one, and the flags that change them. */
export function explainProposal({ rule, cluster, conditions, leftOut }: Proposal, expires: string | undefined): string {
  const kept = conditions.map((condition) => [conditionText(condition), condition.why] as const);
  const others = leftOut.map((each) => [leftOutText(each), each.why] as const);
  const width = Math.max(...[...kept, ...others].map(([text]) => text.length));
  const line = ([text, why]: readonly [string, string]) => `  ${text.padEnd(width)}  ${why}\n`;
  const until = expires === undefined ? 'It has no end.' : `It ends at ${expires}.`;
  return [
    `The exception covers events of the rule ${sanitise(rule)} on the cluster ${sanitise(cluster)} that meet all conditions:\n`,
    ...kept.map(line),
    ...(others.length === 0 ? [] : ['Without a condition:\n', ...others.map(line)]),
    `${until} To change it: --with FIELD, --without FIELD, --expires WHEN.\n`,
  ].join('');
}

function conditionText({ field, is, value }: Condition): string {
  const shown = shortened(value);
  if (is === 'absent') return `no ${field}`;
  return is === 'value' ? `${field}: "${shown}"` : `${field}: ${shown}*`;
}

function leftOutText({ field, value }: LeftOut): string {
  return value === '' ? field : `${field}: "${shortened(value)}"`;
}

function shortened(value: string): string {
  return excerpt(value, MAX_VALUE_BYTES);
}
