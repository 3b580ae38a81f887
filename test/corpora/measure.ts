/**
 * `npx node test/corpora/measure.ts`: what the rules of the pack say of events that others recorded or made up for their rules.
 * Each is looked at by itself, on an empty state, by rules that have learned.
 */
import { falcoCases, hasCorpora, pantherCases } from './corpus-cases.ts';
import { judgeCorpora, tableOf } from './report.ts';

if (hasCorpora) {
  const judged = await judgeCorpora([...pantherCases(), ...falcoCases()]);
  console.log(tableOf(judged));
  if (judged.some(({ verdict }) => verdict === 'wrong')) process.exitCode = 1;
} else {
  console.log('The recorded events are not on this machine.');
}
