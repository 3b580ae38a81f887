import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createReceiver } from '../../src/http/receiver.ts';
import { OperationalError } from '../../src/telemetry/operational-error.ts';
import { fail } from '../support/fail.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { exchange, post, type ReceiverInput, receiverOptions, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const TOKEN_A = 'token-of-cluster-a-0123456789';
const TOKEN_B = 'token-of-cluster-b-0123456789';
const TWO_CLUSTERS: ReceiverInput = {
  clusters: [
    { name: 'a', token: TOKEN_A },
    { name: 'b', token: TOKEN_B },
  ],
};

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const head = (...lines: readonly string[]): string =>
  `${['POST /audit HTTP/1.1', 'Host: x', ...lines].join('\r\n')}\r\n\r\n`;
const JSON_TYPE = 'Content-Type: application/json';

describe('what is taken', () => {
  test('a batch is handed to ingest as it came, and answered 200', async () => {
    const { port, batches, metrics } = await startReceiver();
    const body = `{"kind":"EventList","items":["${'ü'.repeat(100_000)}"]}`;
    const answer = await post(port, '/audit?timeout=30s', { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ events: 1, quarantined: 0 });
    expect(batches).toEqual([{ cluster: 'local', body: Buffer.from(body) }]);
    const { text } = await metrics.expose();
    expect(text).toMatch(/^firstseen_batches_total\{cluster="local",code="200"\} 1$/m);
    expect(text).toMatch(/^firstseen_ack_seconds_count\{cluster="local"\} 1$/m);
    expect(text).toMatch(/^firstseen_bytes_in_flight 0$/m);
  });

  test('a batch without events is answered, and is not the last batch of a cluster', async () => {
    for (const events of [0, 1]) {
      const { port, metrics } = await startReceiver({}, async () => ({ kind: 'accepted', events, quarantined: 0 }));
      expect((await post(port, '/audit')).status).toBe(200);
      const { text } = await metrics.expose();
      expect(/^firstseen_last_batch_timestamp_seconds\{cluster="local"\} [1-9]/m.test(text)).toBe(events > 0);
    }
  });

  test('the content type may have parameters', async () => {
    const { port } = await startReceiver();
    const answer = await post(port, '/audit', { headers: { 'content-type': 'Application/JSON; charset=utf-8' } });
    expect(answer.status).toBe(200);
  });

  test('nothing of the framework shows, and nothing redirects', async () => {
    const { port } = await startReceiver();
    const { headers } = await post(port, '/audit');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers.etag).toBeUndefined();
    expect(headers.location).toBeUndefined();
  });

  test('an empty body is for ingest to judge', async () => {
    const { port, batches } = await startReceiver({}, async () => ({
      kind: 'rejected',
      reason: 'not_json',
      message: 'expected JSON\u001b[2J',
    }));
    const answer = await post(port, '/audit', { body: '' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).error).toBe('expected JSON\\u{1b}[2J');
    expect(batches[0]?.body).toHaveLength(0);
  });

  test('a batch tells when its cluster and its sender were heard, an empty one does not', async () => {
    let events = 0;
    const { port, metrics } = await startReceiver({}, async () => ({ kind: 'accepted', events, quarantined: 0 }));
    const heard = async () => (await metrics.expose()).text.match(/^firstseen_(sender_)?last_batch_timestamp.*$/gm);
    await post(port, '/audit');
    expect(await heard()).toEqual(['firstseen_last_batch_timestamp_seconds{cluster="local"} 0']);
    events = 1;
    const before = Date.now() / 1_000;
    await post(port, '/audit');
    const lines = (await heard()) ?? [];
    expect(lines).toHaveLength(2);
    expect(lines[1] ?? '').toMatch(/\{cluster="local",sender="127\.0\.0\.1"\} /);
    for (const line of lines) expect(Number(line.split(' ').at(-1))).toBeGreaterThanOrEqual(before);
  });

  test('two batches come over one connection', async () => {
    const { port } = await startReceiver();
    const one = `${head(JSON_TYPE, 'Content-Length: 2')}{}`;
    const last = `${head(JSON_TYPE, 'Content-Length: 2', 'Connection: close')}{}`;
    expect((await exchange(port, one, last)).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });
});

describe('which cluster', () => {
  test('a token stands for one cluster', async () => {
    const { port, batches } = await startReceiver(TWO_CLUSTERS);
    expect((await post(port, '/audit', bearer(TOKEN_B))).status).toBe(200);
    expect((await post(port, '/audit/b', bearer(TOKEN_B))).status).toBe(200);
    expect(batches.map(({ cluster }) => cluster)).toEqual(['b', 'b']);
    expect((await post(port, '/audit/a', bearer(TOKEN_B))).status).toBe(403);
    const unknown = await post(port, '/audit/c', bearer(TOKEN_B));
    expect(unknown.status).toBe(404);
    expect(unknown.text).toMatch(/\/audit\/b/);
    expect(unknown.text).not.toMatch(/\/audit\/a/);
    expect(batches).toHaveLength(2);
  });

  test('without a valid token it is 401, whatever the name, and no name is told', async () => {
    const { port, batches } = await startReceiver(TWO_CLUSTERS);
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${TOKEN_A}x`,
      `Basic ${TOKEN_A}`,
      `Bearer ${TOKEN_A} ${TOKEN_A}`,
    ]) {
      for (const path of ['/audit', '/audit/a', '/audit/nowhere']) {
        const answer = await post(port, path, { headers: { authorization } });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="firstseen"');
        expect(answer.text).not.toMatch(/nowhere|\/audit\/a/);
      }
    }
    expect(batches).toHaveLength(0);
  });

  test('where nobody shows a credential, the path tells, or the default', async () => {
    const clusters = [{ name: 'a' }, { name: 'b', default: true }];
    const { port, batches } = await startReceiver({ clusters });
    expect((await post(port, '/audit')).status).toBe(200);
    expect((await post(port, '/audit/a')).status).toBe(200);
    expect(batches.map(({ cluster }) => cluster)).toEqual(['b', 'a']);
    const plain = await startReceiver({ clusters: [{ name: 'a' }, { name: 'b' }] });
    const answer = await post(plain.port, '/audit');
    expect(answer.status).toBe(404);
    expect(answer.text).toMatch(/default/);
  });
});

describe('what is refused', () => {
  test('any other method', async () => {
    const { port } = await startReceiver();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await post(port, '/audit', { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe('POST');
    }
  });

  test('any other path, as it stands', async () => {
    const { port, batches } = await startReceiver({ clusters: [{ name: 'local' }] });
    const paths = [
      '/',
      '/Audit',
      '/AUDIT/local',
      '/audit/',
      '/audit//local',
      '//audit',
      '/audit/local/',
      '/audit/Local',
      '/audit/../x',
      '/audit/%2e%2e',
      '/audit/%',
      '/audit/%00',
      '/audit/__proto__',
      '/audit/constructor',
      '/audit/local%2f..',
      `/audit/${'a'.repeat(10_000)}`,
    ];
    for (const path of paths) {
      const answer = await post(port, path);
      expect(answer.status).toBe(404);
      expect(answer.text.length).toBeLessThan(200);
    }
    expect(batches).toHaveLength(0);
  });

  test('a path longer than headers may be', async () => {
    const { port } = await startReceiver();
    const answer = await exchange(port, `POST /audit/${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('another content type, and any content encoding', async () => {
    const { port } = await startReceiver();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
      expect((await post(port, '/audit', { headers: { 'content-type': type } })).status).toBe(415);
    }
    for (const encoding of ['gzip', 'identity']) {
      const answer = await post(port, '/audit', { headers: { 'content-encoding': encoding } });
      expect(answer.status).toBe(415);
      expect(answer.text).toMatch(/Content-Encoding/);
    }
  });

  test('a body without a length', async () => {
    const { port, batches } = await startReceiver();
    const chunked = await exchange(port, head(JSON_TYPE, 'Transfer-Encoding: chunked'), '2\r\n{}\r\n0\r\n\r\n');
    expect(chunked).toMatch(/^HTTP\/1\.1 411 /);
    expect(await exchange(port, head(JSON_TYPE))).toMatch(/^HTTP\/1\.1 411 /);
    expect(batches).toHaveLength(0);
  });

  test('what a proxy and we might read differently', async () => {
    const { port, batches } = await startReceiver();
    const requests = [
      `${head(JSON_TYPE, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      `${head(JSON_TYPE, 'Content-Length: 2', 'Content-Length: 3')}{}`,
      `${head(JSON_TYPE, 'Content-Length: -2')}{}`,
      `${head(JSON_TYPE, 'Content-Length : 2')}{}`,
      'not http at all\r\n\r\n',
    ];
    for (const request of requests) {
      const answer = await exchange(port, request);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(batches).toHaveLength(0);
  });

  test('a body that is too large, before it is read, with an answer that the sender can see', async () => {
    const { port, batches, metrics } = await startReceiver({ maxBodyBytes: 1_000 });
    expect((await post(port, '/audit', { body: Buffer.alloc(1_000) })).status).toBe(200);
    const answer = await post(port, '/audit', { body: Buffer.alloc(3_000_000) });
    expect(answer.status).toBe(413);
    expect(answer.headers.connection).toBe('close');
    const declared = await exchange(port, head(JSON_TYPE, 'Content-Length: 99999999999999999999'));
    expect(declared).toMatch(/^HTTP\/1\.1 4(13|00) /);
    expect(batches).toHaveLength(1);
    expect((await metrics.expose()).text).toMatch(/requests_refused_total\{reason="too_large"\} [12]/);
  });

  test('more than its Content-Length is the next request, not this one', async () => {
    const { port, batches } = await startReceiver();
    const answer = await exchange(port, `${head(JSON_TYPE, 'Content-Length: 2')}{}${'x'.repeat(100_000)}`);
    expect(answer).toMatch(/HTTP\/1\.1 400 /);
    expect(batches.every(({ body }) => body.length === 2)).toBe(true);
  });

  test('bytes beyond those in flight: 503, until they are given back', async () => {
    let finish: () => void = () => undefined;
    const { port, metrics } = await startReceiver({ maxBodyBytes: 100, maxBytesInFlight: 150 }, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { kind: 'accepted', events: 0, quarantined: 0 };
    });
    const first = post(port, '/audit', { body: Buffer.alloc(100) });
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    const second = await post(port, '/audit', { body: Buffer.alloc(51) });
    expect(second.status).toBe(503);
    expect(second.headers['retry-after']).toBe('5');
    finish();
    expect((await first).status).toBe(200);
    const third = post(port, '/audit', { body: Buffer.alloc(100) });
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    finish();
    expect((await third).status).toBe(200);
  });
});

describe('slow and broken senders', () => {
  test('a cluster that announces large bodies and does not send them is refused; the others are answered', async () => {
    const MIB = 1024 * 1024;
    const { port, metrics, log } = await startReceiver(TWO_CLUSTERS);
    const announce = head(JSON_TYPE, `Authorization: Bearer ${TOKEN_A}`, `Content-Length: ${64 * MIB}`);
    const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').setEncoding('utf8'));
    onTestEnd(() => sockets.forEach((socket) => void socket.destroy()));
    const answers = sockets.map(() => '');
    for (const [index, socket] of sockets.entries()) {
      socket
        .on('error', () => undefined)
        .on('data', (text) => {
          answers[index] += String(text);
        });
      socket.write(`${announce}{`);
    }
    // Two of them fit into the half of this cluster.
    const refused = () => answers.filter((answer) => answer.includes('from this cluster'));
    await waitFor(() => refused().length === 2, { what: 'two refusals' });
    for (const answer of refused()) expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5/);
    expect((await metrics.expose()).text).toMatch(/^firstseen_bytes_in_flight 134217728$/m);
    expect((await metrics.expose()).text).toMatch(/requests_refused_total\{reason="cluster_in_flight"\} 2/);
    expect(log.join('')).toMatch(/"reason":"cluster_in_flight".*cluster a/);

    expect((await post(port, '/audit', bearer(TOKEN_A))).status).toBe(503);
    for (let batch = 0; batch < 3; batch++) {
      const answer = await post(port, '/audit', { ...bearer(TOKEN_B), body: Buffer.alloc(32 * MIB) });
      expect(answer.status).toBe(200);
    }
    for (const socket of sockets) socket.destroy();
    await waitFor(async () => (await post(port, '/audit', bearer(TOKEN_A))).status === 200, { what: 'room again' });
  });

  test('a body that does not come in time: 408, and its bytes are given back', async () => {
    const { port, batches, metrics } = await startReceiver({ timeouts: { headersMs: 200, requestMs: 400 } });
    const answer = await exchange(port, head(JSON_TYPE, 'Content-Length: 100'), '{');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(batches).toHaveLength(0);
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 0'), { what: 'no held body' });
  });

  test('headers that do not come in time: 408', async () => {
    const { port } = await startReceiver({ timeouts: { headersMs: 200, requestMs: 400 } });
    expect(await exchange(port, 'POST /audit HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await exchange(port)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('a sender that goes away in the middle', async () => {
    const { port, batches, metrics, bugs } = await startReceiver();
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head(JSON_TYPE, 'Content-Length: 100')}{`);
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    socket.destroy();
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 0'), { what: 'no held body' });
    expect((await metrics.expose()).text).toMatch(/requests_refused_total\{reason="aborted"\} 1/);
    expect(batches).toHaveLength(0);
    expect(bugs).toHaveLength(0);
  });
});

test('connections beyond the limit are dropped and counted', async () => {
  const { port, metrics } = await startReceiver({ maxConnections: 1 });
  const first = connect(port, '127.0.0.1');
  await once(first, 'connect');
  expect(await exchange(port, head(JSON_TYPE))).toBe('');
  expect((await metrics.expose()).text).toMatch(/reason="too_many_connections"\} 1/);
  first.destroy();
});

describe('what ingest answers', () => {
  test('an operational fault: 503 with Retry-After, and no word of the inside', async () => {
    const { port, bugs } = await startReceiver({}, async () => {
      throw new OperationalError('store_unavailable', 'redis.internal:6379 refused');
    });
    const answer = await post(port, '/audit');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.text).not.toMatch(/redis\.internal/);
    expect(bugs).toHaveLength(0);
  });

  test('a bug: 500, and told to the owner of the process', async () => {
    const bug = new TypeError('oops');
    const { port, bugs, log } = await startReceiver({}, async () => {
      throw bug;
    });
    expect((await post(port, '/audit', { body: '{"secret":1}' })).status).toBe(500);
    expect(bugs).toEqual([bug]);
    expect(log.some((line) => line.includes('oops'))).toBe(true);
    expect(log.some((line) => line.includes('secret'))).toBe(false);
  });
});

describe('starting', () => {
  const deps = { ingest: { ingest: () => fail() }, onBug: () => undefined } as never;

  test('no credential on an address that others reach is refused, unless it is allowed by name', async () => {
    const unsafe = { ...receiverOptions(), listen: { host: '0.0.0.0', port: 0 } };
    expect(() => createReceiver(deps, unsafe)).toThrow(/listen: expected a loopback address, because no credential/);
    const { port, log } = await startReceiver({ listen: '0.0.0.0:0', allowUnauthenticated: true });
    expect((await post(port, '/audit')).status).toBe(200);
    expect(log).toContainEqual(expect.stringContaining('accepts audit events without a credential'));
  });

  test('a port that is taken is said', async () => {
    const { port } = await startReceiver();
    await expect(startReceiver({ listen: `127.0.0.1:${port}` })).rejects.toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    );
  });
});
