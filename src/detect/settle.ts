import type { CompiledRule, Fire } from '../rules/compiled-rule.ts';
import {
  DONE_KEEP_MS,
  DONE_KEEP_STARTED_MS,
  HOUR,
  LATENESS,
  TERM_CAP,
  TOTAL_ALERTS_PER_HOUR,
} from '../rules/limits.ts';
import type { ReadResult, StateRead, Step } from '../rules/state.ts';
import { StateDraft } from '../rules/state-draft.ts';
import { ruleFields, stateKeys, writeRank } from '../rules/state-keys.ts';
import { type AlertBook, createAlertBook, type Sighting } from './alert-book.ts';
import type { Decision, Outcome } from './decision.ts';
import type { RuleFault } from './detector.ts';
import {
  draftAlert,
  draftOverflowAlert,
  evidenceOfRows,
  type Fired,
  sightingOf,
  sightingOfFire,
  silentTermOf,
} from './draft.ts';
import { overflowWith } from './overflow.ts';
import type { SettleContext } from './settle-context.ts';
import {
  createRowBook,
  groupReads,
  isRowDecision,
  mayFire,
  type RowBook,
  type RowDecision,
  memoryMicros as rowMemoryMicros,
  rowReads,
} from './settle-rows.ts';
import { fireSuppressionKey, possibleKeys } from './suppression.ts';
import { learningMicros, memoryMicros, remember, rememberSilent } from './term-memory.ts';

/** The result of a commit, for metrics and for waiting callers. */
export interface Settled {
  /** Parallel to the decisions. */
  readonly outcomes: readonly Outcome[];
  /** The opened alerts, including overflow alerts. */
  readonly opened: readonly string[];
  /** What each decision completed, if its rule judges events together, whether or not there was a budget for it. */
  readonly fires: ReadonlyMap<Decision, readonly Fire[]>;
  /** How many terms or groups each rule with terms holds now. */
  readonly termsHeld: ReadonlyMap<CompiledRule, number>;
  /** Rules that failed to judge a group. */
  readonly faults: readonly RuleFault[];
}

/** The decisions of a batch as one step of the store. */
export interface Settlement {
  readonly reads: readonly StateRead[];
  readonly step: (results: readonly ReadResult[]) => Step<Settled>;
}

/**
 * Turns decisions into one atomic step: stored values + decisions → writes + outcomes.
 *
 * It reads in two rounds: first what identifies each decision (counted? term known? live alert?), then what that points
 * to (the live alerts themselves, budgets, the oldest terms of a rule at its limit).
 * @param decisions in the order in which they are settled
 */
export function settle(decisions: readonly Decision[], context: SettleContext): Settlement {
  const reads = firstReads(decisions, context);
  return {
    reads,
    step(results) {
      const draft = new StateDraft();
      draft.load(reads, results.slice(0, reads.length));
      const more = secondReads(decisions, draft, context);
      if (more.length > 0 && results.length === reads.length) return { kind: 'need', reads: more };
      draft.load(more, results.slice(reads.length));
      return settleAll(decisions, draft, context);
    },
  };
}

function firstReads(decisions: readonly Decision[], { hashes }: SettleContext): StateRead[] {
  const done = new Map<string, Set<string>>();
  const terms = new Map<string, Set<string>>();
  const live = new Set<string>();
  const learning = new Set<string>();
  for (const decision of decisions) {
    const { rule, occurrence, hour, doneKey } = decision;
    if (!isRowDecision(decision)) gather(done, stateKeys.done(hour), doneKey);
    if (occurrence.term !== undefined) gather(terms, stateKeys.terms(rule.memoryKey), occurrence.term);
    for (const key of possibleKeys(decision, hashes)) live.add(key);
    live.add(rule.overflowKey);
    if (learningMicros(rule) > 0) learning.add(stateKeys.rule(rule.memoryKey));
  }
  return [
    { kind: 'fields', key: stateKeys.cluster, fields: ['hwm'] },
    { kind: 'fields', key: stateKeys.live, fields: [...live] },
    ...[...done].map(([key, members]) => ({ kind: 'members', key, members: [...members] }) as const),
    ...[...terms].map(([key, members]) => ({ kind: 'scores', key, members: [...members] }) as const),
    ...[...terms.keys()].map((key) => ({ kind: 'size', key }) as const),
    ...[...learning].map((key) => ({ kind: 'fields', key, fields: [ruleFields.since] }) as const),
    ...rowReads(decisions.filter(isRowDecision)),
  ];
}

function secondReads(decisions: readonly Decision[], draft: StateDraft, { hashes }: SettleContext): StateRead[] {
  const rows = decisions.filter(isRowDecision);
  const firing: ReadonlySet<Decision> = new Set(mayFire(rows, draft));
  const alerts = new Set<string>();
  const opening = new Map<CompiledRule, number>();
  const seen = new Map<string, Set<string>>();
  for (const decision of decisions) {
    if (isRowDecision(decision) ? !firing.has(decision) : isDone(draft, decision)) continue;
    const { rule, occurrence, event } = decision;
    for (const key of [...possibleKeys(decision, hashes), rule.overflowKey]) {
      const id = draft.field(stateKeys.live, key);
      if (id !== undefined) alerts.add(id);
    }
    if (firing.has(decision) || fires(decision, draft))
      opening.set(rule, Math.min(event.at, opening.get(rule) ?? event.at));
    if (occurrence.term !== undefined) gather(seen, stateKeys.terms(rule.memoryKey), occurrence.term);
  }
  const evictions = [...seen].flatMap(([key, terms]) => {
    const known = [...terms].filter((term) => draft.score(key, term) !== undefined).length;
    const over = draft.size(key) + terms.size - known - TERM_CAP;
    // Some of the oldest may be seen again in this batch and are then no longer the oldest.
    return over > 0 ? [{ kind: 'oldest', key, limit: over + known } as const] : [];
  });
  const since = Math.min(...opening.values()) - HOUR;
  const budgets: StateRead[] = [...opening].map(([{ document }, at]) => ({
    kind: 'newest',
    key: stateKeys.opensOf(document.name),
    above: at - HOUR,
    limit: document.budget.alertsPerHour,
  }));
  if (budgets.length > 0)
    budgets.push({ kind: 'newest', key: stateKeys.opens, above: since, limit: TOTAL_ALERTS_PER_HOUR });
  const records = [...alerts].map(
    (id) => ({ kind: 'fields', key: stateKeys.alert(id), fields: ['state', 'ver'] }) as const,
  );
  return [...records, ...budgets, ...evictions, ...groupReads(rows, draft)];
}

function settleAll(decisions: readonly Decision[], draft: StateDraft, context: SettleContext): Step<Settled> {
  const storedHwm = Number(draft.field(stateKeys.cluster, 'hwm') ?? 0);
  const hwm = Math.max(context.hwm, storedHwm);
  if (hwm > storedHwm) draft.setField(stateKeys.cluster, 'hwm', String(hwm));
  const opened: string[] = [];
  const fires = new Map<Decision, readonly Fire[]>();
  const faults: RuleFault[] = [];
  const books: Books = {
    draft,
    alerts: createAlertBook(draft, context),
    rows: createRowBook(draft, ({ rule, event }, error) => faults.push({ rule: rule.document.name, event, error })),
    context,
    opened,
    fires,
  };
  const termsHeld = new Map<CompiledRule, number>();
  let reached = storedHwm;

  const outcomes = decisions.map((decision) => {
    const { rule, occurrence } = decision;
    const outcome = isRowDecision(decision)
      ? settleRow(decision, reached, storedHwm, books)
      : settleOne(decision, storedHwm, books);
    reached = Math.max(reached, Math.min(decision.event.at, decision.event.receivedAt));
    if (outcome === 'duplicate' || outcome === 'late') return outcome;
    countFor(decision, outcome, draft);
    if (isRowDecision(decision)) return outcome;
    if (outcome !== 'overflow' && occurrence.term !== undefined && teaches(decision))
      remember(draft, rule, occurrence.term, decision.event.at);
    // A known term may be seen again without harm: not remembering each of its requests keeps `done` small.
    if (outcome !== 'known' || mayAttachLater(decision)) {
      draft.add(stateKeys.done(decision.hour), decision.doneKey, doneKeepMs(decision));
    }
    return outcome;
  });

  for (const { rule } of decisions) {
    const held = termsHeld.has(rule) ? undefined : holding(rule);
    if (held === undefined) continue;
    draft.prune(held.key, hwm - held.micros);
    termsHeld.set(rule, draft.size(held.key));
  }
  // Openings count at the time of earlier commits or later, so only older ones can be dropped.
  if (opened.length > 0) draft.prune(stateKeys.opens, storedHwm - HOUR - LATENESS);
  for (const [index, { rule }] of decisions.entries()) {
    if (outcomes[index] === 'opened') draft.prune(stateKeys.opensOf(rule.document.name), storedHwm - HOUR - LATENESS);
  }
  return { kind: 'commit', writes: draft.writes(writeRank), result: { outcomes, opened, fires, termsHeld, faults } };
}

/** Facts for the rule's status. */
function countFor({ rule, event, occurrence }: Decision, outcome: Outcome, draft: StateDraft): void {
  const key = stateKeys.rule(rule.memoryKey);
  draft.count(key, ruleFields.matches, 1);
  if (outcome === 'opened') draft.count(key, ruleFields.alerts, 1);
  if (outcome === 'attached') draft.count(key, ruleFields.attached, 1);
  if (outcome === 'overflow') draft.count(key, ruleFields.overflowed, Math.max(1, occurrence.cut));
  draft.setField(key, ruleFields.lastMatch, String(event.at));
}

/** What a step writes into. */
interface Books {
  readonly draft: StateDraft;
  readonly alerts: AlertBook;
  readonly rows: RowBook;
  readonly context: SettleContext;
  readonly opened: string[];
  readonly fires: Map<Decision, readonly Fire[]>;
}

/** The order of the cases is that of the protocol. */
function settleOne(decision: Decision, storedHwm: number, books: Books): Outcome {
  const { draft, alerts } = books;
  const { rule, event, occurrence, suppressionKey } = decision;
  if (isDone(draft, decision)) return 'duplicate';
  if (occurrence.cut > 0) return overflow(decision, books);

  const live = alerts.taking(suppressionKey, event.at);
  if (live !== undefined) {
    alerts.attach(live, sightingOf(decision));
    return 'attached';
  }
  if (!fires(decision, draft)) return 'known';
  if (isLearning(decision, draft) && teaches(decision)) {
    rememberSilent(draft, rule, occurrence.term ?? '', silentTermOf(decision, 'learning'));
    return 'learning';
  }
  if (!open(decision, suppressionKey, sightingOf(decision), storedHwm, books)) return overflow(decision, books);
  // A term that had aged is not silent any more.
  if (occurrence.term !== undefined && teaches(decision))
    draft.removeField(stateKeys.silent(rule.memoryKey), occurrence.term);
  return 'opened';
}

/** The same for an event judged together with others. The events of an alert are used once the alert is recorded. */
function settleRow(decision: RowDecision, hwm: number, storedHwm: number, books: Books): Outcome {
  const { alerts, rows, context, fires } = books;
  const taken = rows.take(decision, hwm);
  if (taken.kind !== 'held') return taken.kind;
  if (taken.fires.length === 0) return 'held';
  fires.set(decision, taken.fires);

  const outcomes = taken.fires.map((fire): Outcome => {
    const key = fireSuppressionKey(decision, fire, context.hashes);
    const sighting = sightingOfFire(fire);
    const live = alerts.taking(key, sighting.at);
    if (live !== undefined) alerts.attach(live, { ...sighting, evidence: evidenceOfRows(fire.adds ?? fire.rows) });
    else if (!open(decision, key, sighting, storedHwm, books, { fire, letGo: taken.letGo })) {
      return overflow(decision, books);
    }
    rows.consume(decision, fire);
    return live === undefined ? 'opened' : 'attached';
  });
  // A late event may complete several fires: the most important one stands for them.
  return FIRED.find((outcome) => outcomes.includes(outcome)) ?? 'held';
}

const FIRED: readonly Outcome[] = ['opened', 'attached', 'overflow'];

/** Opens an alert. @returns false if there is no budget for it; then nothing is written */
function open(
  decision: Decision,
  suppressionKey: string,
  sighting: Sighting,
  storedHwm: number,
  { draft, alerts, context, opened }: Books,
  fired?: Fired,
): boolean {
  const { rule, windowMicros } = decision;
  // An old event counts against the present budget: otherwise old times, true or forged, would each have their own.
  const budgetTime = Math.max(sighting.at, storedHwm - HOUR);
  if (!hasBudget(decision, budgetTime, draft)) return false;
  const spec = draftAlert(context.cluster, decision, fired);
  const id = alerts.open(decision, sighting, { spec, suppressionKey, windowMicros });
  opened.push(id);
  // Nobody reads alerts of a building block, so they do not use up the budget of others.
  if (!rule.document.buildingBlock) draft.raise(stateKeys.opens, id, budgetTime);
  draft.raise(stateKeys.opensOf(rule.document.name), id, budgetTime, (HOUR + LATENESS) / 1_000);
  return true;
}

/** Counts the decision on its rule's overflow alert, which opens without a budget if there is none. */
function overflow(decision: Decision, { draft, alerts, context, opened }: Books): Outcome {
  const suppressionKey = decision.rule.overflowKey;
  const { at } = decision.event;
  const sighting = sightingOf(decision);
  const live = alerts.taking(suppressionKey, at);
  const counted = overflowWith(decision, live?.state);
  if (live !== undefined) alerts.attach(live, sighting, counted);
  else {
    const spec = draftOverflowAlert(context.cluster, decision);
    opened.push(alerts.open(decision, sighting, { spec, suppressionKey, windowMicros: HOUR, counted }));
  }
  draft.raise(stateKeys.overflows, live?.id ?? opened.at(-1) ?? '', at);
  return 'overflow';
}

/**
 * Whether an alert may be opened after a known term was seen that takes the same request when it is sent again: one that
 * another term opens, or the same term after a window shorter than the sender's retries, or where this sighting did not
 * lengthen what is known.
 */
function mayAttachLater(decision: Decision): boolean {
  const { rule } = decision;
  const isBrief = (rule.document.newTerms?.windowMicros ?? 0) <= LATENESS;
  return rule.suppressBy !== undefined || isBrief || !teaches(decision);
}

/** What may not have happened makes nothing known: what it seems to have done would be silent when it is done. */
function teaches({ carriedOut }: Decision): boolean {
  return carriedOut !== 'unknown';
}

function isDone(draft: StateDraft, { hour, doneKey }: Decision): boolean {
  return draft.has(stateKeys.done(hour), doneKey);
}

function fires({ rule, occurrence, event }: Decision, draft: StateDraft): boolean {
  if (occurrence.cut > 0) return true;
  const lastSighting = (memoryKey: string, term: string) => draft.score(stateKeys.terms(memoryKey), term);
  return rule.kind.fires(rule, occurrence, event.at, { lastSighting });
}

/** Learning ends a fixed time after the rule first ran on the cluster, which its first decision records. */
function isLearning({ rule, event }: Decision, draft: StateDraft): boolean {
  if (learningMicros(rule) === 0) return false;
  const key = stateKeys.rule(rule.memoryKey);
  const since = Number(draft.field(key, ruleFields.since) ?? event.at);
  if (draft.field(key, ruleFields.since) === undefined) draft.setField(key, ruleFields.since, String(since));
  return event.at < since + learningMicros(rule);
}

function hasBudget({ rule, overrides }: Decision, budgetTime: number, draft: StateDraft): boolean {
  const { name, budget, buildingBlock } = rule.document;
  const severity = overrides?.severity ?? rule.document.severity;
  const since = budgetTime - HOUR;
  if (draft.countAbove(stateKeys.opensOf(name), since) >= budget.alertsPerHour) return false;
  const exempt = buildingBlock || severity === 'high' || severity === 'critical';
  return exempt || draft.countAbove(stateKeys.opens, since) < TOTAL_ALERTS_PER_HOUR;
}

/** The last stage of an exec or a watch comes long after its first; counted again, it would reopen the same alert. */
function doneKeepMs({ event: { event } }: Decision): number {
  const isFirst = event.stage === 'RequestReceived' || event.stage === 'ResponseStarted';
  return isFirst ? DONE_KEEP_STARTED_MS : DONE_KEEP_MS;
}

/** The key of a rule's terms or groups, and how long they stay useful; undefined for a rule without them. */
function holding(rule: CompiledRule): { readonly key: string; readonly micros: number } | undefined {
  if (rule.kind.windowed !== undefined) return { key: stateKeys.groups(rule.memoryKey), micros: rowMemoryMicros(rule) };
  if (rule.document.newTerms === undefined) return undefined;
  return { key: stateKeys.terms(rule.memoryKey), micros: memoryMicros(rule) };
}

function gather(map: Map<string, Set<string>>, key: string, member: string): void {
  const members = map.get(key);
  if (members === undefined) map.set(key, new Set([member]));
  else members.add(member);
}
