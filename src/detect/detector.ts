import { carriedOut } from '../audit/carried-out.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { eventKeyParts, hourOf, requestKeyParts } from '../audit/identity.ts';
import type { FieldValues } from '../ecs/field.ts';
import { createRedactor, type Redactor } from '../ecs/redactor.ts';
import type { FieldMemo, FieldSlots } from '../query/match/slots.ts';
import type { CompiledRule, Occurrence, Overrides, SlottedField } from '../rules/compiled-rule.ts';
import type { ExceptionDocument } from '../rules/document.ts';
import type { Hashes } from '../rules/hashes.ts';
import type { Decision } from './decision.ts';
import { redactOccurrence } from './redact-occurrence.ts';
import { createRuleIndex } from './rule-index.ts';
import { isAboutGroups, suppressionKey } from './suppression.ts';

/**
 * One rule failed on one event, and everything else goes on. A bug: the pair goes into quarantine. Or the rule's
 * expressions exceeded their cost limit: they count as null.
 */
export interface RuleFault {
  readonly rule: string;
  readonly event: DecodedEvent;
  readonly error: unknown;
}

export interface Detection {
  /** In order of time; events of the same time in order of arrival. */
  readonly decisions: readonly Decision[];
  readonly faults: readonly RuleFault[];
  /** How many events matched each rule's query. */
  readonly matches: ReadonlyMap<CompiledRule, number>;
  /** Matches of each rule that exceptions silenced. */
  readonly excepted: ReadonlyMap<CompiledRule, ReadonlyMap<ExceptionDocument, Excepted>>;
}

/** Matches of a rule that one exception silenced. */
export interface Excepted {
  readonly count: number;
  /** The time of the latest (µs). */
  readonly lastAt: number;
}

const OVERRUN = new Error('its expressions exceed the cost limit on this event and count as null');

/**
 * The functional core: events in, decisions out; no I/O, no clock, no memory of the past.
 *
 * Secrets end here: rules read events as they came, but decisions and faults are redacted. Identities are hashes of the
 * original values.
 */
export interface Detector {
  readonly rules: readonly CompiledRule[];
  detect(cluster: string, events: readonly DecodedEvent[]): Detection;
}

/** Measures the cost of rules. */
export interface Stopwatch {
  /** Microseconds since any fixed time. */
  now(): number;
  /** Receives the time that a rule spent on an event (µs), for a sample of events, because measuring has a cost too. */
  took(rule: CompiledRule, micros: number): void;
}

/** One of this many events is measured. */
const MEASURED_ONE_IN = 64;

/** @param slots the field slots that the rules were compiled with */
export function createDetector(
  rules: readonly CompiledRule[],
  slots: FieldSlots,
  hashes: Hashes,
  redactor: Redactor = createRedactor({ execArguments: 'show' }),
  stopwatch?: Stopwatch,
): Detector {
  const index = createRuleIndex(rules, slots);
  const memo = slots.createMemo();
  const faultOf = ({ document }: CompiledRule, event: DecodedEvent, error: unknown): RuleFault => ({
    rule: document.name,
    event: redactor.event(event),
    error,
  });
  let seen = 0;

  return {
    rules,
    detect(cluster, events) {
      const decisions: Decision[] = [];
      const faults: RuleFault[] = [];
      const matches = new Map<CompiledRule, number>();
      const excepted = new Map<CompiledRule, Map<ExceptionDocument, Excepted>>();
      let judged: CompiledRule | undefined;
      const onExcepted = (exception: ExceptionDocument, { at }: DecodedEvent) => {
        if (judged !== undefined) noteExcepted(excepted, judged, exception, at);
      };
      for (const event of events) {
        memo.reset(event);
        const measured = seen++ % MEASURED_ONE_IN === 0 ? stopwatch : undefined;
        index.candidates(memo, (rule) => {
          const from = measured?.now() ?? 0;
          memo.budget.refill();
          try {
            judged = rule;
            if (rule.matches(event, memo, cluster, onExcepted)) {
              matches.set(rule, (matches.get(rule) ?? 0) + 1);
              for (const occurrence of rule.kind.occurrences(rule, memo, hashes, event)) {
                decisions.push(decide(cluster, rule, event, occurrence, memo, hashes, redactor));
              }
            }
            if (memo.budget.isOverrun) faults.push(faultOf(rule, event, OVERRUN));
          } catch (error) {
            faults.push(faultOf(rule, event, error));
          }
          measured?.took(rule, measured.now() - from);
        });
      }
      decisions.sort((a, b) => a.event.at - b.event.at || a.event.ordinal - b.event.ordinal);
      return { decisions, faults, matches, excepted };
    },
  };
}

function noteExcepted(
  excepted: Map<CompiledRule, Map<ExceptionDocument, Excepted>>,
  rule: CompiledRule,
  exception: ExceptionDocument,
  at: number,
): void {
  const ofRule = excepted.get(rule) ?? new Map<ExceptionDocument, Excepted>();
  excepted.set(rule, ofRule);
  const { count, lastAt } = ofRule.get(exception) ?? { count: 0, lastAt: at };
  ofRule.set(exception, { count: count + 1, lastAt: Math.max(lastAt, at) });
}

function decide(
  cluster: string,
  rule: CompiledRule,
  event: DecodedEvent,
  occurrence: Occurrence,
  memo: FieldMemo,
  hashes: Hashes,
  redactor: Redactor,
): Decision {
  const requestKey = hashes.key(requestKeyParts(cluster, event.event) ?? namelessKey(cluster, event));
  const identity = rule.kind.windowed === undefined ? requestKey : rowIdentity(cluster, event, occurrence, hashes);
  const overrides = rule.overrides?.((field) => readOverride(rule, field, occurrence, memo));
  return {
    rule,
    event: redactor.event(event),
    carriedOut: carriedOut(event),
    occurrence: redactOccurrence(occurrence, rule, event, redactor, hashes),
    requestKey,
    identity,
    // A row records by itself that it was counted.
    doneKey:
      occurrence.row === undefined
        ? hashes.key(
            JSON.stringify([rule.memoryKey, identity, occurrence.term ?? occurrence.suppressedBy ?? occurrence.cut]),
          )
        : '',
    hour: hourOf(event),
    suppressionKey: suppressionKey(rule, event, occurrence, memo, identity, hashes),
    windowMicros: rule.document.suppression?.windowMicros ?? rule.kind.suppressionWindow(rule.document),
    ...(overrides !== undefined && { overrides: redactTitle(overrides, rule, event, redactor) }),
  };
}

/** If events are judged together, each counts, including the stages of one request, and once in each of its groups. */
function rowIdentity(cluster: string, event: DecodedEvent, { row }: Occurrence, hashes: Hashes): string {
  const parts = eventKeyParts(cluster, event.event) ?? namelessKey(cluster, event);
  return hashes.key(JSON.stringify([parts, row?.group]));
}

/** An alert about a group takes only the group's fields from the event that completed it. */
function readOverride(
  rule: CompiledRule,
  { name, slot }: SlottedField,
  { terms }: Occurrence,
  memo: FieldMemo,
): FieldValues {
  return isAboutGroups(rule) ? terms.find(({ field }) => field === name)?.value : memo.read(slot);
}

function redactTitle(overrides: Overrides, { document }: CompiledRule, event: DecodedEvent, redactor: Redactor) {
  const { title } = overrides;
  if (title === undefined) return overrides;
  return { ...overrides, title: redactor.value(document.ruleNameOverride ?? '', title, event) };
}

/** An event without an audit ID or times is identified by its content and its index in the batch. */
function namelessKey(cluster: string, { event, ordinal }: DecodedEvent): string {
  return JSON.stringify([cluster, event, ordinal]);
}
