import { ATTACK_TACTICS, ATTACK_TECHNIQUES, type AttackName } from './attack.ts';

interface ThreatEntry {
  readonly tactic: AttackName;
  readonly technique?: AttackName;
}

/**
 * The tags of a Sigma rule as threats (`attack.…`) and tags. A technique goes under those of its tactics that the rule
 * names, else under its first tactic; a technique without a known name goes under the tactic before it, the order that
 * rules use. Tags that fit nowhere (groups, software, techniques without a tactic) stay tags.
 * @see https://sigmahq.io specification v2, "Tags"; tactics had underscores before v2
 */
export function readTags(tags: readonly string[]): {
  readonly threat: readonly ThreatEntry[];
  readonly tags: readonly string[];
} {
  const named = tags.flatMap((tag) => tacticOf(tag) ?? []);
  const threat: ThreatEntry[] = [];
  const rest: string[] = [];
  let before: AttackName | undefined;
  for (const tag of tags) {
    const tactic = tacticOf(tag);
    const id = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase();
    before = tactic ?? before;
    if (tactic !== undefined) continue;
    if (id === undefined) {
      rest.push(tag);
      continue;
    }
    const known = ATTACK_TECHNIQUES.get(id);
    const chosen = known?.tactics.filter((of) => named.includes(of)) ?? [];
    const [first] = known?.tactics ?? (before === undefined ? [] : [before]);
    if (first === undefined) rest.push(tag);
    const technique = { id, name: known?.name ?? id };
    for (const of of chosen.length > 0 ? chosen : first === undefined ? [] : [first])
      threat.push({ tactic: of, technique });
  }
  const alone = named.filter((tactic) => !threat.some((entry) => entry.tactic === tactic));
  const all = [...threat, ...[...new Set(alone)].map((tactic) => ({ tactic }))];
  const order = ({ tactic }: ThreatEntry): number => ATTACK_TACTICS.indexOf(tactic);
  return { threat: all.sort((a, b) => order(a) - order(b)), tags: rest };
}

function tacticOf(tag: string): AttackName | undefined {
  const word = /^attack\.(.+)$/i.exec(tag)?.[1]?.toLowerCase().replaceAll('_', '-');
  if (word === undefined) return undefined;
  return ATTACK_TACTICS.find(({ id, name }) => id.toLowerCase() === word || slug(name) === word);
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
