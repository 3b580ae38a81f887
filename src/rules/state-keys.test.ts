/** Names that stores hold already: another one would forget what was learned and counted. Change none of them. */
import { expect, test } from '@jest/globals';
import { exceptionFields, LET_GO, ruleFields, stateKeys } from './state-keys.ts';

test('the keys of the store are what they were first', () => {
  const { done, terms, silent, rows, groups, rule, alert, opensOf, due, dead, ...constant } = stateKeys;
  expect([done(7), terms('m'), silent('m'), rows('m', 'g'), groups('m'), rule('m')]).toEqual([
    'done:7',
    'terms:m',
    'silent:m',
    'rows:m:g',
    'groups:m',
    'rule:m',
  ]);
  expect([alert('a'), opensOf('r'), due('s'), dead('s')]).toEqual(['alert:a', 'opens:r', 'due:s', 'dead:s']);
  expect(constant).toEqual({
    exceptions: 'exceptions',
    live: 'live',
    alerts: 'alerts',
    opens: 'opens',
    overflows: 'overflows',
    pods: 'pods',
    cluster: 'cluster',
    heartbeat: 'heartbeat',
    changes: 'changes',
    rules: 'rules',
  });
  expect(LET_GO).toBe('-');
});

test('the fields of its hashes are what they were first, whatever people read', () => {
  expect(ruleFields).toEqual({
    since: 'since',
    matches: 'matches',
    alerts: 'alerts',
    attached: 'suppressed',
    overflowed: 'overflowed',
    evicted: 'evicted',
    letGo: 'letGo',
    lastMatch: 'last',
  });
  expect([exceptionFields.excepted('u'), exceptionFields.lastUsed('u')]).toEqual(['u/suppressed', 'u/last']);
});
