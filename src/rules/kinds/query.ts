import { lastHop } from '../../audit/identity.ts';
import { pathOf } from '../../audit/request-uri.ts';
import type { Occurrence, RuleKind } from '../compiled-rule.ts';
import { HOUR } from '../limits.ts';

const ONCE: readonly Occurrence[] = [{ terms: [], term: undefined, cut: 0 }];

/** Every request that the query selects is worth an alert; repeats by the same user, address and object join it. */
export const queryKind: RuleKind = {
  type: 'query',
  occurrences: () => ONCE,
  fires: () => true,
  suppressionKey: (_occurrence, { event }) => {
    const { resource, apiGroup, subresource, namespace, name } = event.objectRef ?? {};
    const object = event.objectRef
      ? [apiGroup, resource, subresource, namespace, name]
      : [event.requestURI === undefined ? undefined : pathOf(event.requestURI)];
    return JSON.stringify([event.user?.username, lastHop(event), ...object]);
  },
  suppressionWindow: () => HOUR,
  reason: (rule, _occurrence, what) => `${rule.document.title}: ${what}`,
};

/** An event query in EQL: as a query, in another language. A rule of this type that is a sequence is of a kind of its own. */
export const eqlEventKind: RuleKind = { ...queryKind, type: 'eql' };
