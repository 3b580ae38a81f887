import { expect, test } from '@jest/globals';
import { expectKey, expectKind } from '../../../test/support/expect.ts';
import { decodeEvent } from '../../audit/decode.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import { FIELDS, resolveField } from '../../ecs/fields.ts';
import { nearest } from '../nearest.ts';
import { compileEsql } from './compile.ts';
import { createEventTable } from './event-table.ts';
import { startQuery } from './start.ts';
import { toJson } from './to-json.ts';

const TABLE = createEventTable({
  listed: FIELDS,
  resolveField,
  suggestField: (name) =>
    nearest(
      name,
      FIELDS.map((field) => field.name),
    ),
});

function eventOf(more: Record<string, unknown>): DecodedEvent {
  const event = decodeEvent(
    { kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: 'one', ...more },
    0,
    Date.UTC(2030, 0, 1) * 1_000,
  );
  expectKey(event, 'event');
  return event;
}

const EXEC = eventOf({
  level: 'Metadata',
  stage: 'ResponseStarted',
  stageTimestamp: '2026-11-20T10:00:00.123456Z',
  verb: 'create',
  user: { username: 'ann', groups: ['system:masters', 'devs'] },
  sourceIPs: ['10.0.0.9', '2001:db8::1'],
  objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web' },
  requestURI: '/api/v1/namespaces/shop/pods/web/exec?command=cat&command=%2Fetc%2Fpasswd&container=web',
  responseStatus: { code: 101 },
  annotations: { 'authorization.k8s.io/decision': 'allow' },
});

function run(source: string): { columns: readonly string[]; rows: readonly (readonly unknown[])[] } {
  const compiled = compileEsql(source, TABLE);
  expectKind(compiled, 'ok');
  const { columns } = compiled.query;
  const running = startQuery(compiled.query, EXEC.at / 1_000);
  running.push(EXEC);
  const rows = running
    .finish()
    .rows.map((row) => row.map((value, index) => toJson(value, columns[index]?.type ?? 'null')));
  return { columns: columns.map(({ name, type }) => `${name}:${type}`), rows };
}

test('fields are columns of their types, with values in the form of Elasticsearch', () => {
  const names =
    '@timestamp, kubernetes.audit.responseStatus.code, source.ip, kubernetes.audit.user.groups, event.outcome, _id, _version';
  expect(run(`FROM logs-* METADATA _id, _index, _version | KEEP ${names}`)).toEqual({
    columns: [
      '@timestamp:date',
      'kubernetes.audit.responseStatus.code:integer',
      'source.ip:ip',
      'kubernetes.audit.user.groups:keyword',
      'event.outcome:keyword',
      '_id:keyword',
      '_version:long',
    ],
    rows: [
      ['2026-11-20T10:00:00.123Z', 101, ['10.0.0.9', '2001:db8::1'], ['devs', 'system:masters'], 'success', 'one', 1],
    ],
  });
});

test('names of ECS that no event has are null, paths of the object are known, others are refused with the nearest', () => {
  const { rows } = run(
    'FROM l | WHERE process.name IS NULL AND kubernetes.audit.requestObject.spec.x IS NULL | KEEP event.action',
  );
  expect(rows).toEqual([['create']]);
  const refused = compileEsql('FROM l | WHERE user.nam == "x"', TABLE);
  expect(refused.kind === 'invalid' && refused.problems[0]?.hint).toBe('did you mean user.name?');
});

test('a command is taken out of a URI, step by step', () => {
  const { columns, rows } = run(`FROM logs-* METADATA _id
    | WHERE kubernetes.audit.objectRef.subresource == "exec" AND NOT KQL("user.name:bob")
    | EVAL uri = URL_DECODE(kubernetes.audit.requestURI)
    | GROK uri "exec\\\\?%{DATA:raw}&(?:container|stdin)="
    | EVAL command = REPLACE(REPLACE(raw, "command=", ""), "&", " ")
    | WHERE command RLIKE """.*/etc/(passwd|shadow).*"""
    | KEEP command`);
  expect([columns, rows]).toEqual([['command:keyword'], [['cat /etc/passwd']]]);
});

test('a star stands for every listed field', () => {
  const { columns } = run('FROM l');
  expect(columns).toHaveLength(new Set(FIELDS.map(({ name }) => name)).size);
});
