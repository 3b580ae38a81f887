import { expect, test } from '@jest/globals';
import type { StateRead, StateWrite } from '../../src/rules/state.ts';
import { fieldsOf, type StateUnderTest, write } from './state-access.ts';

/** The promises of `Store.update` about steps: they run again, are all or none, in turn, and of one cluster. */
export function describeSteps({ state, newCluster }: StateUnderTest): void {
  test('a step that needs more runs again with all results so far, in the order asked', async () => {
    const cluster = newCluster();
    await write(state(), cluster, { kind: 'setFields', key: 'h', mode: 'set', fields: { a: 'b', b: 'c', c: 'end' } });
    const seen: number[] = [];
    const field = (name: string): StateRead => ({ kind: 'fields', key: 'h', fields: [name] });
    const path = await state().update(cluster, [field('a')], (results) => {
      seen.push(results.length);
      const values = results.map((result) => (result.kind === 'fields' ? (result.values[0] ?? '') : ''));
      const last = values.at(-1) ?? '';
      if (last !== 'end') return { kind: 'need', reads: [field(last)] };
      return { kind: 'commit', writes: [], result: values };
    });
    expect(path).toEqual(['b', 'c', 'end']);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('a step that throws, or writes what is no number, writes nothing', async () => {
    const cluster = newCluster();
    const fields = (value: string): StateWrite => ({ kind: 'setFields', key: 'h', mode: 'set', fields: { a: value } });
    const failing = state().update(cluster, [], () => {
      throw new Error('a bug in a rule');
    });
    await expect(failing).rejects.toThrow(/a bug in a rule/);
    const notANumber: readonly StateWrite[] = [
      { kind: 'setScores', key: 'z', mode: 'set', entries: [{ member: 'm', score: Number.NaN }] },
      { kind: 'setScores', key: 'z', mode: 'set', entries: [{ member: 'm', score: 1.5 }] },
      { kind: 'addToField', key: 'h', field: 'n', by: Number.POSITIVE_INFINITY },
      { kind: 'addMembers', key: 's', members: ['m'], keepMs: 0 },
      { kind: 'markDue', sink: 's', alertId: 'a', delayMs: -1 },
    ];
    for (const wrong of notANumber)
      await expect(write(state(), cluster, fields('1'), wrong)).rejects.toThrow(RangeError);
    expect(await fieldsOf(state(), cluster, 'h', 'a')).toEqual([undefined]);
    await write(state(), cluster, fields('2'));
    expect(await fieldsOf(state(), cluster, 'h', 'a')).toEqual(['2']);
  });

  test('updates that run at once lose nothing', async () => {
    const cluster = newCluster();
    const increment = () =>
      state().update(cluster, [{ kind: 'fields', key: 'h', fields: ['n'] }], ([result]) => {
        const n = Number(result?.kind === 'fields' ? (result.values[0] ?? 0) : 0) + 1;
        return {
          kind: 'commit',
          writes: [{ kind: 'setFields', key: 'h', mode: 'set', fields: { n: String(n) } }],
          result: n,
        };
      });
    const results = await Promise.all(Array.from({ length: 100 }, increment));
    expect(results).toEqual(results.map((_n, i) => i + 1));
    expect(await fieldsOf(state(), cluster, 'h', 'n')).toEqual(['100']);
  });

  test('clusters share nothing, whatever they are called', async () => {
    const base = newCluster();
    const names = ['', 'a', 'a}', 'a}b', '{a}', 'a}:h', 'a:h', '%7D', '}', '%', 'ä', 'a\0', 'A'].map(
      (name) => name + base,
    );
    for (const name of [...names, '']) {
      await write(state(), name, { kind: 'setFields', key: 'h', mode: 'set', fields: { [base]: name } });
      expect(await state().lease(name, 'l', name, 60_000)).toBe(true);
    }
    for (const name of [...names, '']) {
      expect(await fieldsOf(state(), name, 'h', base)).toEqual([name]);
    }
  });
}

/** The promises of `Store.lease`. */
export function describeLeases({ state, pass, newCluster }: StateUnderTest): void {
  test('a lease has one holder, who can renew it, until it runs out', async () => {
    const cluster = newCluster();
    expect(await state().lease(cluster, 'watch', 'one', 300)).toBe(true);
    expect(await state().lease(cluster, 'watch', 'two', 300)).toBe(false);
    expect(await state().lease(cluster, 'retention', 'two', 300)).toBe(true);
    await pass(200);
    expect(await state().lease(cluster, 'watch', 'one', 300)).toBe(true);
    await pass(200);
    expect(await state().lease(cluster, 'watch', 'two', 300)).toBe(false);
    await pass(200);
    expect(await state().lease(cluster, 'watch', 'two', 300)).toBe(true);
    expect(await state().lease(cluster, 'watch', 'one', 300)).toBe(false);
  });
}
