import { resolveField } from '../../ecs/fields.ts';
import { nearest } from '../../query/nearest.ts';
import { parseQuery } from '../../query/parse-query.ts';
import { QUERY_FIELDS } from '../../rules/find-field.ts';
import { kueryEquals, kueryExists, kueryNot, kueryWildcard } from '../../rules/import/kuery-text.ts';
import { RESERVED_RULE_NAMES } from '../../rules/rule-name.ts';
import type { AlertObject } from '../alerts/alert-object.ts';
import { CommandError } from '../io.ts';
import { isWhole, valuesOf } from './alert-values.ts';
import { generatedFrom } from './generated-name.ts';

/** What an event has to be, to be excepted: the value of a field, text that begins so, or no value at all. */
export interface Condition {
  readonly field: string;
  readonly is: 'value' | 'prefix' | 'absent';
  /** Empty if it is absent. */
  readonly value: string;
  readonly why: string;
}

/** What the alert tells and the exception does not ask for. */
export interface LeftOut {
  readonly field: string;
  readonly value: string;
  readonly why: string;
}

/** An exception for the rule and the cluster of an alert, and why it is this one. */
export interface Proposal {
  readonly rule: string;
  readonly cluster: string;
  readonly conditions: readonly Condition[];
  readonly leftOut: readonly LeftOut[];
  /** In KQL, a condition a line. */
  readonly query: string;
}

export interface Wishes {
  /** Fields to ask for beside those that are chosen. */
  readonly with: readonly string[];
  /** Fields not to ask for. */
  readonly without: readonly string[];
}

/** Before what there is a choice about: kept, or left out and offered. */
interface Candidate extends Condition {
  readonly kept: boolean;
}

const AUDIT = 'kubernetes.audit';
const NAME = `${AUDIT}.objectRef.name`;
const SUBRESOURCE = `${AUDIT}.objectRef.subresource`;
const SOURCE = 'firstseen.source.ip';
const AGENT = 'user_agent.original';
const ANONYMOUS = 'system:anonymous';

/**
 * The narrowest exception that is of use: who, what, on which object, with which outcome, and what was new; without what is
 * another each time, such as the name of a pod or the version of a client.
 *
 * @throws CommandError if no exception can be about this alert, or a wish is about a field that it does not tell
 */
export function narrowestException(alert: AlertObject, wishes: Wishes): Proposal {
  const { spec } = alert;
  refuseUnfit(alert);
  const candidates = candidatesOf(alert);
  for (const field of [...wishes.with, ...wishes.without]) requireCandidate(field, candidates);

  const conditions: Condition[] = [];
  const leftOut: LeftOut[] = [];
  for (const { kept, ...condition } of candidates) {
    const { field, value, is } = condition;
    const wanted = wishes.with.includes(field) || (kept && !wishes.without.includes(field));
    if (is !== 'absent' && !isWhole(value)) {
      leftOut.push({ field, value, why: 'the alert has it cut, escaped or hidden, and no event has it so' });
    } else if (!isAskable(condition)) {
      leftOut.push({ field, value, why: 'no query can ask for such a value' });
    } else if (wanted) {
      conditions.push(kept ? condition : { ...condition, why: 'as you wish' });
    } else {
      leftOut.push({ field, value, why: kept ? 'as you wish' : condition.why });
    }
  }
  requireEnough(alert, conditions, wishes);
  const query = conditions.map(toKuery).join('\nand ');
  return { rule: spec.rule.name, cluster: spec.cluster, conditions, leftOut, query };
}

/** True if the exception would have kept this alert from being. */
export function covers({ rule, cluster, conditions }: Proposal, alert: AlertObject): boolean {
  if (alert.spec.overflow || alert.spec.rule.name !== rule || alert.spec.cluster !== cluster) return false;
  return conditions.every(({ field, is, value }) => {
    const values = valuesOf(alert, field).filter(isWhole);
    if (is === 'absent') return values.length === 0;
    return values.some((one) => (is === 'value' ? one === value : one.startsWith(value)));
  });
}

function refuseUnfit({ spec, metadata }: AlertObject): void {
  if (spec.overflow) {
    throw new CommandError(
      `${metadata.name} counts what was beyond the budget of ${spec.rule.name}, and tells no single event\n` +
        `  hint: except one of the alerts of that rule (firstseen alerts list --rule ${spec.rule.name}), or raise spec.budget of the rule`,
    );
  }
  if (spec.rule.name.startsWith(RESERVED_RULE_NAMES)) {
    throw new CommandError(
      `${spec.rule.name} is about firstseen itself, and no exception is for such a rule\n` +
        '  hint: name who may do it in tamper.identities of the configuration',
    );
  }
}

/** All that may be asked for, in the order in which one reads it. A field comes once. */
function candidatesOf(alert: AlertObject): readonly Candidate[] {
  const { newTerms = [], groupBy = [] } = alert.spec;
  const candidates = groupBy.length > 0 ? ofGroup(alert) : [...ofRequest(alert), ...ofNewTerms(alert)];
  const rest: Candidate[] = [SOURCE, AGENT]
    .filter((field) => ![...newTerms, ...groupBy].some((one) => one.field === field))
    .flatMap((field) => {
      const [value] = valuesOf(alert, field);
      const why =
        field === SOURCE
          ? 'people and nodes get other addresses'
          : 'the client chooses it, and it is another with each version';
      return value === undefined ? [] : [{ field, is: 'value', value, kept: false, why }];
    });
  const seen = new Set<string>();
  return [...candidates, ...rest].filter(({ field }) => !seen.has(field) && seen.add(field));
}

function ofRequest(alert: AlertObject): readonly Candidate[] {
  const of = (field: string, why: string): Candidate[] =>
    valuesOf(alert, field)
      .slice(0, 1)
      .map((value) => ({ field, is: 'value', value, kept: true, why }));
  const { user } = alert.spec.actor;
  const { resource } = alert.spec.request;
  const isNobody = user === undefined || user === '' || user === ANONYMOUS;
  return [
    ...of('user.name', 'who it was'),
    ...(isNobody ? of(SOURCE, 'from where: without it, anybody who gives no name') : []),
    ...of(`${AUDIT}.impersonatedUser.username`, 'as whom'),
    ...of('event.action', 'what was done'),
    ...of(`${AUDIT}.objectRef.apiGroup`, 'to which API'),
    ...of(`${AUDIT}.objectRef.resource`, 'to what'),
    ...(resource === undefined || resource === '' ? [] : ofSubresource(alert)),
    ...of(`${AUDIT}.objectRef.namespace`, 'in which namespace'),
    ...ofName(alert),
    ...(resource === undefined || resource === '' ? of(`${AUDIT}.requestURI`, 'to what') : []),
    ...of(
      `${AUDIT}.annotations.authorization_k8s_io/decision`,
      'an attempt that is refused is another thing than one that is allowed',
    ),
  ];
}

function ofSubresource(alert: AlertObject): readonly Candidate[] {
  const [value] = valuesOf(alert, SUBRESOURCE);
  const absent = 'the object itself: its subresources are other things';
  return [
    value === undefined
      ? { field: SUBRESOURCE, is: 'absent', value: '', kept: true, why: absent }
      : { field: SUBRESOURCE, is: 'value', value, kept: true, why: 'to which part of it' },
  ];
}

function ofName(alert: AlertObject): readonly Candidate[] {
  const [name] = valuesOf(alert, NAME);
  if (name === undefined) return [];
  const base = generatedFrom(name);
  return [
    base === undefined
      ? { field: NAME, is: 'value', value: name, kept: true, why: 'to which object' }
      : { field: NAME, is: 'prefix', value: `${base}-`, kept: true, why: 'its controller gives each another ending' },
  ];
}

function ofNewTerms({ spec }: AlertObject): readonly Candidate[] {
  return (spec.newTerms ?? []).map(({ field, value }) => {
    const product = withoutVersion(field, value);
    if (product !== undefined) {
      return { field, is: 'prefix', value: product, kept: true, why: 'what was new, in any version' };
    }
    return { field, is: 'value', value, kept: true, why: 'what was new, should it be forgotten and come again' };
  });
}

/** Of a client its product, of an image its repository: a new version would be another alert. */
function withoutVersion(field: string, value: string): string | undefined {
  if (field === AGENT || field === `${AUDIT}.userAgent`) return /^[^\s/]+\//.exec(value)?.[0];
  if (/\bimage(\.name)?$/.test(field)) return /^.+:(?=[^/:]+$)/.exec(value)?.[0];
  return undefined;
}

/** Several events made the alert, and the group is what they have in common: of the last of them nothing else counts. */
function ofGroup({ spec }: AlertObject): readonly Candidate[] {
  return (spec.groupBy ?? [])
    .filter(({ field }) => resolveField(field) !== undefined)
    .map(({ field, value }) => ({ field, is: 'value', value, kept: true, why: 'what the events have in common' }));
}

function requireCandidate(field: string, candidates: readonly Candidate[]): void {
  const fields = candidates.map((candidate) => candidate.field);
  if (fields.includes(field)) return;
  const near = nearest(field, fields);
  const hint = near === undefined ? `it tells ${fields.join(', ')}` : `did you mean ${near}?`;
  throw new CommandError(`the alert does not tell ${field}\n  hint: ${hint}`);
}

/** What says neither who nor from where, nor what was new or which group, is no exception but the end of the rule. */
function requireEnough({ spec }: AlertObject, conditions: readonly Condition[], { without }: Wishes): void {
  const made = [...(spec.newTerms ?? []), ...(spec.groupBy ?? [])].map(({ field }) => field);
  const isTold = (fields: readonly string[]) =>
    conditions.some(({ field }) => fields.includes(field)) || without.some((field) => fields.includes(field));
  const isUserLost = spec.actor.user !== undefined && spec.groupBy === undefined && !isTold(['user.name']);
  if (conditions.length > 0 && !isUserLost && isTold(['user.name', SOURCE, ...made])) return;
  throw new CommandError(
    'the alert does not tell enough for an exception: without the user, or the group, it would silence the rule for everybody\n' +
      '  hint: write a RuleException by hand, with a query that selects these events',
  );
}

/** A field that holds addresses may have another text on an event, which no query can ask for. */
function isAskable(condition: Condition): boolean {
  return parseQuery('kuery', toKuery(condition), QUERY_FIELDS).kind === 'event';
}

function toKuery({ field, is, value }: Condition): string {
  switch (is) {
    case 'value':
      return kueryEquals(field, value);
    case 'prefix':
      return kueryWildcard(field, [value, '']);
    case 'absent':
      return kueryNot(kueryExists(field));
  }
}
