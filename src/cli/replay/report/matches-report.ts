import { type IdList, MOST_IDS, type RuleRecord } from './replay-record.ts';

/** For each rule, the events that it selected and on which it fired, as one JSON document sorted by rule name. */
export function matchesReport(records: readonly RuleRecord[], events: number): string {
  const rules = records
    .map((record) => {
      const { name, type, title, id } = record.ready.rule.document;
      const { matches, fires, repeats, taught, faults } = record;
      return {
        rule: name,
        ...(id !== undefined && { id }),
        type,
        title,
        counts: { matches: matches.count, fires: fires.count, repeats: repeats.count, taught: taught.count, faults },
        cut: [matches, fires, repeats, taught].some(isCut),
        matches: matches.ids,
        fires: fires.ids,
        repeats: repeats.ids,
        taught: taught.ids,
      };
    })
    .sort((a, b) => (a.rule < b.rule ? -1 : 1));
  return `${JSON.stringify({ events, idsPerList: MOST_IDS, rules }, null, 2)}\n`;
}

function isCut(list: IdList): boolean {
  return list.count > MOST_IDS;
}
