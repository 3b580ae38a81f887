import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEvent } from '../audit/decode.ts';
import { resolveField } from '../ecs/fields.ts';
import { compileReason, type TemplateProblem } from './reason-template.ts';

function compile(template: string): { readonly say: (event: object) => string; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const complain = ({ message }: TemplateProblem) => problems.push(message);
  const field = (name: string) => {
    const found = resolveField(name);
    if (found === undefined) problems.push(`unknown ${name}`);
    return found === undefined ? [] : [found];
  };
  const say = compileReason(template, field, complain);
  return {
    problems,
    say: (event) => {
      const item = decodeEvent({ verb: 'create', ...event }, 0, 0);
      return 'event' in item ? say(item) : assert.fail(JSON.stringify(item));
    },
  };
}

const saying = (template: string, event: object) => compile(template).say(event);

test('a field stands for its value, and a dash for one that is not there', () => {
  const event = { user: { username: 'eve' }, objectRef: { namespace: 'shop' } };
  const template = '{user.name} in { kubernetes.audit.objectRef.namespace }: {kubernetes.audit.objectRef.name}';
  assert.equal(saying(template, event), 'eve in shop: -');
  assert.equal(saying('nothing of the event', event), 'nothing of the event');
});

test('of many values the first three are named', () => {
  const images = (...list: string[]) => ({ requestObject: { spec: { containers: list.map((image) => ({ image })) } } });
  assert.equal(saying('{firstseen.pod.containers.image}', images('a', 'b', 'c')), 'a, b, c');
  assert.equal(saying('{firstseen.pod.containers.image}', images('a', 'b', 'c', 'd', 'e')), 'a, b, c and 2 more');
});

test('a value cannot say more than a value: it is bounded, safe to show, and no template', () => {
  const username = `{user_agent.original}\u001b[2J\n${'x'.repeat(1_000)}`;
  const said = saying('by {user.name}', { user: { username }, userAgent: 'secret' });
  assert.ok(said.startsWith('by {user_agent.original}'));
  assert.ok(!said.includes('secret') && !said.includes('\u001b') && !said.includes('\n'));
  assert.ok(said.length < 140, String(said.length));
});

test('braces that are no field are complained of', () => {
  assert.deepEqual(compile('a {user.name').problems, ['`{` is not closed: "{user.name"']);
  assert.deepEqual(compile('a } b').problems, ['`}` closes nothing: "} b"']);
  assert.deepEqual(compile('{{user.name}}').problems.length, 2);
  assert.deepEqual(compile('{} and {no such}').problems, ['unknown ', 'unknown no such']);
});
