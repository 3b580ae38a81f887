import { createHash } from 'node:crypto';
import { excerpt } from '../audit/text.ts';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertRecord, AlertSpec, AlertState } from '../detect/alert.ts';
import { overflowCondition, overflowStatus } from './overflow-status.ts';
import { reviewConditions } from './review-conditions.ts';

export const ALERT_API_VERSION = 'firstseen.dev/v1alpha1';
export const ALERTS_PATH = '/apis/firstseen.dev/v1alpha1/alerts';

export function alertPath(name: string): string {
  return `${ALERTS_PATH}/${encodeURIComponent(name)}`;
}

/**
 * Bounds of the texts and lists of an Alert, as in the CustomResourceDefinition (a test compares them). A path ends in
 * `[]` for the items of a list. `maxLength` counts code points there; a text cut to as many bytes is within it.
 */
export const ALERT_BOUNDS: Readonly<Record<string, number>> = {
  'spec.rule.name': 200,
  'spec.rule.title': 128,
  'spec.rule.version': 32,
  'spec.rule.id': 48,
  'spec.reason': 320,
  'spec.newTerms': 3,
  'spec.newTerms[].field': 96,
  'spec.newTerms[].value': 160,
  'spec.groupBy': 5,
  'spec.groupBy[].field': 80,
  'spec.groupBy[].value': 64,
  'spec.threat': 3,
  'spec.threat[].tactic.id': 16,
  'spec.threat[].tactic.name': 32,
  'spec.threat[].technique.id': 16,
  'spec.threat[].technique.name': 64,
  'spec.request.time': 32,
  'spec.request.auditID': 36,
  'spec.request.stage': 16,
  'spec.request.verb': 20,
  'spec.request.uri': 256,
  'spec.request.resource': 64,
  'spec.request.apiGroup': 64,
  'spec.request.apiVersion': 20,
  'spec.request.namespace': 63,
  'spec.request.name': 253,
  'spec.request.uid': 36,
  'spec.request.subresource': 32,
  'spec.request.decision': 16,
  'spec.actor.user': 160,
  'spec.actor.groups': 6,
  'spec.actor.groups[]': 64,
  'spec.actor.impersonated': 160,
  'spec.actor.sourceIP': 48,
  'spec.actor.sourceIPs': 3,
  'spec.actor.sourceIPs[]': 48,
  'spec.actor.userAgent': 224,
  'spec.cluster': 63,
  'spec.display.user': 64,
  'spec.display.action': 48,
  'spec.display.object': 96,
  'spec.display.source': 48,
  'spec.display.newTerm': 64,
  'status.firstSeen': 27,
  'status.lastSeen': 27,
  'status.evidence': 8,
  'status.evidence[].time': 27,
  'status.evidence[].auditID': 36,
  'status.evidence[].requestKey': 24,
  'status.overflow.since': 27,
  'status.overflow.until': 27,
  'status.overflow.users': 3,
  'status.overflow.users[].value': 48,
  'status.overflow.sources': 3,
  'status.overflow.sources[].value': 40,
  'status.overflow.samples': 2,
  'status.overflow.samples[]': 64,
  'status.conditions': 2,
  'status.conditions[].type': 16,
  'status.conditions[].lastTransitionTime': 27,
  'status.conditions[].reason': 16,
  'status.conditions[].message': 112,
};

/** Lists that keep their last items instead of the first: a client chooses all source addresses but the last. */
const KEEPS_LAST: ReadonlySet<string> = new Set(['spec.actor.sourceIPs']);

/** A label value is at most 63 characters of a small alphabet. */
const LABEL_VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** The Alert as it is created. Its status is a subresource and comes with `alertStatusPatch`. */
export function alertResource({ id, spec: { buildingBlock: _, ...spec } }: AlertRecord): object {
  return {
    apiVersion: ALERT_API_VERSION,
    kind: 'Alert',
    metadata: {
      name: id,
      labels: {
        'firstseen.dev/rule': labelValue(spec.rule.name),
        'firstseen.dev/severity': labelValue(spec.severity),
        'firstseen.dev/cluster': labelValue(spec.cluster),
      },
    },
    spec: fit(withResults(spec), 'spec'),
  };
}

/** The resource has one list for group fields and counts; a group with many fields has no room for the counts. */
function withResults({ groupBy = [], results = [], ...spec }: AlertSpec): object {
  const group = [...groupBy, ...results];
  return group.length === 0 ? spec : { ...spec, groupBy: group };
}

/** The changing part of an Alert. Never `phase`, which belongs to the user. */
export function alertStatus(state: AlertState): object {
  const overflow = overflowCondition(state);
  const reviewed = reviewConditions(state.review?.changes ?? []);
  // There is room for two; on an overflow alert the latest review conditions count.
  const conditions = [...overflow, ...reviewed.slice(overflow.length - 2)];
  const status = {
    count: state.count,
    firstSeen: formatTimestamp(state.firstSeen),
    lastSeen: formatTimestamp(state.lastSeen),
    evidence: state.evidence,
    ...overflowStatus(state),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  return Object(fit(status, 'status'));
}

/** The same as a merge patch, which leaves nothing that somebody else has written there. */
export function alertStatusPatch(state: AlertState): { readonly status: object } {
  return { status: { overflow: null, conditions: null, ...alertStatus(state) } };
}

/** The text itself where it is a label value, else a hash of it. */
export function labelValue(text: string): string {
  if (LABEL_VALUE.test(text)) return text;
  return `sha256-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** Sanitises and cuts every text and list to its bound. A text without a bound comes from an enum. */
function fit(value: unknown, path: string): unknown {
  const bound = ALERT_BOUNDS[path];
  if (typeof value === 'string') return bound === undefined ? value : excerpt(value, bound);
  if (Array.isArray(value)) {
    const kept: readonly unknown[] = KEEPS_LAST.has(path) ? value.slice(-(bound ?? 0)) : value.slice(0, bound ?? 0);
    return kept.map((item) => fit(item, `${path}[]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fit(item, `${path}.${key}`)]));
}
