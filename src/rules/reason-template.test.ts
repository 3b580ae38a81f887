import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
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
      return 'event' in item ? say(item) : fail(JSON.stringify(item));
    },
  };
}

const saying = (template: string, event: object) => compile(template).say(event);

test('a field stands for its value, and a dash for one that is not there', () => {
  const event = { user: { username: 'eve' }, objectRef: { namespace: 'shop' } };
  const template = '{user.name} in { kubernetes.audit.objectRef.namespace }: {kubernetes.audit.objectRef.name}';
  expect(saying(template, event)).toBe('eve in shop: -');
  expect(saying('nothing of the event', event)).toBe('nothing of the event');
});

test('of many values the first three are named', () => {
  const images = (...list: string[]) => ({ requestObject: { spec: { containers: list.map((image) => ({ image })) } } });
  expect(saying('{firstseen.pod.containers.image}', images('a', 'b', 'c'))).toBe('a, b, c');
  expect(saying('{firstseen.pod.containers.image}', images('a', 'b', 'c', 'd', 'e'))).toBe('a, b, c and 2 more');
});

test('a value cannot say more than a value: it is bounded, safe to show, and no template', () => {
  const username = `{user_agent.original}\u001b[2J\n${'x'.repeat(1_000)}`;
  const said = saying('by {user.name}', { user: { username }, userAgent: 'secret' });
  expect(said.startsWith('by {user_agent.original}')).toBe(true);
  expect(said).not.toContain('secret');
  expect(said).not.toContain('\u001b');
  expect(said).not.toContain('\n');
  expect(said.length).toBeLessThan(140);
});

test('braces that are no field are complained of', () => {
  expect(compile('a {user.name').problems).toEqual(['`{` is not closed: "{user.name"']);
  expect(compile('a } b').problems).toEqual(['`}` closes nothing: "} b"']);
  expect(compile('{{user.name}}').problems.length).toEqual(2);
  expect(compile('{} and {no such}').problems).toEqual(['unknown ', 'unknown no such']);
});
