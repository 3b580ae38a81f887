/** The bundled Valkey: its command, run with the Redis or Valkey that is there, and its password over upgrades. */

import { readFileSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { CHART, NAMESPACE, renderChart, startChartServer } from '../support/chart.ts';
import { startProcess } from '../support/child-process.ts';
import { expectArray } from '../support/expect.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ensureTool } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

const PASSWORD = 'Not4nyone';
const VALUES = 'state.kind=redis,valkey.enabled=true';

test('it asks for the password, which no list of processes shows, keeps its writes and evicts nothing', async () => {
  const values = `${VALUES},valkey.auth.existingSecret=valkey,valkey.fsync=always`;
  const stateful = (await renderChart('--set', values)).find(({ kind }) => kind === 'StatefulSet');
  const script: unknown = JSON.parse(
    /"command":(\["sh","-ec","exec (?:[^"\\]|\\.)*"\])/.exec(JSON.stringify(stateful))?.[1] ?? '',
  );
  expectArray(script);
  const [folder, data, port] = [createTemporaryFolder('bin'), createTemporaryFolder('valkey'), await freePort()];
  symlinkSync(await ensureTool('redis-server'), join(folder, 'valkey-server'));
  const command = String(script[2]).replace('/data', data).replace('6379', String(port));
  const env = { VALKEY_PASSWORD: PASSWORD, PATH: [folder, process.env.PATH].join(delimiter) };
  const started = await startProcess('sh', ['-ec', command], { env });
  try {
    const answer = await waitFor(
      () => say(port, `AUTH ${PASSWORD}`, 'CONFIG GET append*', 'CONFIG GET maxmemory*', 'SAVE'),
      {
        what: 'the server to answer',
      },
    );
    for (const part of ['+OK', 'appendonly\r\n$3\r\nyes', 'appendfsync\r\n$6\r\nalways', 'noeviction', '402653184']) {
      expect(answer).toContain(part);
    }
    expect(await say(port, 'DBSIZE')).toMatch(/-NOAUTH/);
    expect(readFileSync(`/proc/${started.pid}/cmdline`, 'utf8')).not.toMatch(new RegExp(PASSWORD));
  } finally {
    expect(await started.stop()).toEqual({ code: 0, signal: null }); // it gets the signal itself
  }
});

test('its password is made once', async () => {
  const server = await startChartServer();
  try {
    const password = () =>
      server.kubectl('-n', NAMESPACE, 'get', 'secret', 'firstseen-valkey', '-o', 'jsonpath={.data.password}');
    await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, '--set', VALUES);
    const made = await password();
    expect(Buffer.from(made, 'base64').toString()).toMatch(/^[A-Za-z0-9]{32}$/);
    await server.helm(
      'upgrade',
      'firstseen',
      CHART,
      '--namespace',
      NAMESPACE,
      '--set',
      `${VALUES},valkey.maxMemory=1gb`,
    );
    expect(await password()).toBe(made);
  } finally {
    await server.stop();
  }
});

/** Sends commands over a connection of its own, and gives all that comes back. */
async function say(port: number, ...commands: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${commands.join('\r\n')}\r\nQUIT\r\n`);
  return text(socket);
}
