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

/** A condition of an exception: a field has this value, starts with it, or is absent. */
export interface Condition {
  readonly field: string;
  readonly is: 'value' | 'prefix' | 'absent';
  /** Empty if it is absent. */
  readonly value: string;
  readonly why: string;
}

/** A value of the alert without a condition in the exception. */
export interface LeftOut {
  readonly field: string;
  readonly value: string;
  readonly why: string;
}

/** An exception for the rule and cluster of an alert, with the reason for each condition. */
export interface Proposal {
  readonly rule: string;
  readonly cluster: string;
  readonly conditions: readonly Condition[];
  readonly leftOut: readonly LeftOut[];
  /** In KQL, one condition per line. */
  readonly query: string;
}

export interface Wishes {
  /** Additional fields to put conditions on. */
  readonly with: readonly string[];
  /** Fields to put no condition on. */
  readonly without: readonly string[];
}

/** A candidate; `kept` is the default choice. */
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
 * The narrowest exception that also matches later requests of this kind. Its conditions are user, action, object,
 * outcome and new terms. Values that differ every time, such as pod names and client versions, have none.
 *
 * @throws CommandError if the alert cannot have an exception, or lacks a field of `--with` or `--without`
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
      leftOut.push({ field, value, why: 'cut, escaped or redacted in the alert, so no event would match' });
    } else if (!isAskable(condition)) {
      leftOut.push({ field, value, why: 'a query cannot express this value' });
    } else if (wanted) {
      conditions.push(kept ? condition : { ...condition, why: 'chosen by flag' });
    } else {
      leftOut.push({ field, value, why: kept ? 'chosen by flag' : condition.why });
    }
  }
  requireEnough(alert, conditions, wishes);
  const query = conditions.map(toKuery).join('\nand ');
  return { rule: spec.rule.name, cluster: spec.cluster, conditions, leftOut, query };
}

/** True if the exception covers this alert. */
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
      `${metadata.name} is an overflow alert of ${spec.rule.name} and describes no single event\n` +
        `  hint: pick another alert (firstseen alerts list --rule ${spec.rule.name}), or raise spec.budget of the rule`,
    );
  }
  if (spec.rule.name.startsWith(RESERVED_RULE_NAMES)) {
    throw new CommandError(
      `${spec.rule.name} is a rule about firstseen itself, which takes no exceptions\n` +
        '  hint: add the user to tamper.identities in the configuration',
    );
  }
}

/** All possible conditions in reading order, one per field. */
function candidatesOf(alert: AlertObject): readonly Candidate[] {
  const { newTerms = [], groupBy = [] } = alert.spec;
  const candidates = groupBy.length > 0 ? ofGroup(alert) : [...ofRequest(alert), ...ofNewTerms(alert)];
  const rest: Candidate[] = [SOURCE, AGENT]
    .filter((field) => ![...newTerms, ...groupBy].some((one) => one.field === field))
    .flatMap((field) => {
      const [value] = valuesOf(alert, field);
      const why =
        field === SOURCE
          ? 'addresses of people and nodes change'
          : 'the client sets it, and it changes with each version';
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
    ...of('user.name', 'the user'),
    ...(isNobody ? of(SOURCE, 'the address; without it, every anonymous user') : []),
    ...of(`${AUDIT}.impersonatedUser.username`, 'the impersonated user'),
    ...of('event.action', 'the action'),
    ...of(`${AUDIT}.objectRef.apiGroup`, 'the API group'),
    ...of(`${AUDIT}.objectRef.resource`, 'the resource'),
    ...(resource === undefined || resource === '' ? [] : ofSubresource(alert)),
    ...of(`${AUDIT}.objectRef.namespace`, 'the namespace'),
    ...ofName(alert),
    ...(resource === undefined || resource === '' ? of(`${AUDIT}.requestURI`, 'the path') : []),
    ...of(`${AUDIT}.annotations.authorization_k8s_io/decision`, 'the outcome: refused and allowed requests differ'),
  ];
}

function ofSubresource(alert: AlertObject): readonly Candidate[] {
  const [value] = valuesOf(alert, SUBRESOURCE);
  const absent = 'the object itself, not a subresource';
  return [
    value === undefined
      ? { field: SUBRESOURCE, is: 'absent', value: '', kept: true, why: absent }
      : { field: SUBRESOURCE, is: 'value', value, kept: true, why: 'the subresource' },
  ];
}

function ofName(alert: AlertObject): readonly Candidate[] {
  const [name] = valuesOf(alert, NAME);
  if (name === undefined) return [];
  const base = generatedFrom(name);
  return [
    base === undefined
      ? { field: NAME, is: 'value', value: name, kept: true, why: 'the object' }
      : {
          field: NAME,
          is: 'prefix',
          value: `${base}-`,
          kept: true,
          why: 'the object; its controller generates the suffix',
        },
  ];
}

function ofNewTerms({ spec }: AlertObject): readonly Candidate[] {
  return (spec.newTerms ?? []).map(({ field, value }) => {
    const product = withoutVersion(field, value);
    if (product !== undefined) {
      return { field, is: 'prefix', value: product, kept: true, why: 'the new term, in any version' };
    }
    return { field, is: 'value', value, kept: true, why: 'the new term, in case the rule forgets it' };
  });
}

/** The product of a user agent, or the repository of an image: a new version would raise a new alert. */
function withoutVersion(field: string, value: string): string | undefined {
  if (field === AGENT || field === `${AUDIT}.userAgent`) return /^[^\s/]+\//.exec(value)?.[0];
  if (/\bimage(\.name)?$/.test(field)) return /^.+:(?=[^/:]+$)/.exec(value)?.[0];
  return undefined;
}

/** An alert on several events has only the group in common; the other values belong to the last event. */
function ofGroup({ spec }: AlertObject): readonly Candidate[] {
  return (spec.groupBy ?? [])
    .filter(({ field }) => resolveField(field) !== undefined)
    .map(({ field, value }) => ({ field, is: 'value', value, kept: true, why: 'the group, common to all events' }));
}

function requireCandidate(field: string, candidates: readonly Candidate[]): void {
  const fields = candidates.map((candidate) => candidate.field);
  if (fields.includes(field)) return;
  const near = nearest(field, fields);
  const hint = near === undefined ? `its fields are ${fields.join(', ')}` : `did you mean ${near}?`;
  throw new CommandError(`the alert has no field ${field}\n  hint: ${hint}`);
}

/** Without user, address, new term or group, an exception would disable the rule. */
function requireEnough({ spec }: AlertObject, conditions: readonly Condition[], { without }: Wishes): void {
  const made = [...(spec.newTerms ?? []), ...(spec.groupBy ?? [])].map(({ field }) => field);
  const isTold = (fields: readonly string[]) =>
    conditions.some(({ field }) => fields.includes(field)) || without.some((field) => fields.includes(field));
  const isUserLost = spec.actor.user !== undefined && spec.groupBy === undefined && !isTold(['user.name']);
  if (conditions.length > 0 && !isUserLost && isTold(['user.name', SOURCE, ...made])) return;
  throw new CommandError(
    'the alert has too few values: without user or group, an exception would silence the rule for everyone\n' +
      '  hint: write a RuleException by hand with a query for these events',
  );
}

/** False for values that a query on the field rejects, such as text in an address field. */
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
