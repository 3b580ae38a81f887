import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { createReceiver } from '../../src/http/receiver.ts';
import { OperationalError } from '../../src/telemetry/operational-error.ts';
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
  test('a batch is handed to ingest as it came, and answered 200', async (t) => {
    const { port, batches, metrics } = await startReceiver(t);
    const body = `{"kind":"EventList","items":["${'ü'.repeat(100_000)}"]}`;
    const answer = await post(port, '/audit?timeout=30s', { body });
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), { events: 1, quarantined: 0 });
    assert.deepEqual(batches, [{ cluster: 'local', body: Buffer.from(body) }]);
    const { text } = await metrics.expose();
    assert.match(text, /^firstseen_batches_total\{cluster="local",code="200"\} 1$/m);
    assert.match(text, /^firstseen_ack_seconds_count\{cluster="local"\} 1$/m);
    assert.match(text, /^firstseen_bytes_in_flight 0$/m);
  });

  test('a batch without events is answered, and is not the last batch of a cluster', async (t) => {
    for (const events of [0, 1]) {
      const { port, metrics } = await startReceiver(t, {}, async () => ({ kind: 'accepted', events, quarantined: 0 }));
      assert.equal((await post(port, '/audit')).status, 200);
      const { text } = await metrics.expose();
      assert.equal(/^firstseen_last_batch_timestamp_seconds\{cluster="local"\} [1-9]/m.test(text), events > 0);
    }
  });

  test('the content type may have parameters', async (t) => {
    const { port } = await startReceiver(t);
    const answer = await post(port, '/audit', { headers: { 'content-type': 'Application/JSON; charset=utf-8' } });
    assert.equal(answer.status, 200);
  });

  test('nothing of the framework shows, and nothing redirects', async (t) => {
    const { port } = await startReceiver(t);
    const { headers } = await post(port, '/audit');
    assert.equal(headers['x-powered-by'], undefined);
    assert.equal(headers.etag, undefined);
    assert.equal(headers.location, undefined);
  });

  test('an empty body is for ingest to judge', async (t) => {
    const { port, batches } = await startReceiver(t, {}, async () => ({
      kind: 'rejected',
      reason: 'not_json',
      message: 'expected JSON\u001b[2J',
    }));
    const answer = await post(port, '/audit', { body: '' });
    assert.equal(answer.status, 400);
    assert.equal(JSON.parse(answer.text).error, 'expected JSON\\u{1b}[2J');
    assert.equal(batches[0]?.body.length, 0);
  });

  test('a batch tells when its cluster and its sender were heard, an empty one does not', async (t) => {
    let events = 0;
    const { port, metrics } = await startReceiver(t, {}, async () => ({ kind: 'accepted', events, quarantined: 0 }));
    const heard = async () => (await metrics.expose()).text.match(/^firstseen_(sender_)?last_batch_timestamp.*$/gm);
    await post(port, '/audit');
    assert.deepEqual(await heard(), ['firstseen_last_batch_timestamp_seconds{cluster="local"} 0']);
    events = 1;
    const before = Date.now() / 1_000;
    await post(port, '/audit');
    const lines = (await heard()) ?? [];
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? '', /\{cluster="local",sender="127\.0\.0\.1"\} /);
    for (const line of lines) assert.ok(Number(line.split(' ').at(-1)) >= before, line);
  });

  test('two batches come over one connection', async (t) => {
    const { port } = await startReceiver(t);
    const one = `${head(JSON_TYPE, 'Content-Length: 2')}{}`;
    const last = `${head(JSON_TYPE, 'Content-Length: 2', 'Connection: close')}{}`;
    assert.equal((await exchange(port, one, last)).match(/HTTP\/1\.1 200/g)?.length, 2);
  });
});

describe('which cluster', () => {
  test('a token stands for one cluster', async (t) => {
    const { port, batches } = await startReceiver(t, TWO_CLUSTERS);
    assert.equal((await post(port, '/audit', bearer(TOKEN_B))).status, 200);
    assert.equal((await post(port, '/audit/b', bearer(TOKEN_B))).status, 200);
    assert.deepEqual(
      batches.map(({ cluster }) => cluster),
      ['b', 'b'],
    );
    assert.equal((await post(port, '/audit/a', bearer(TOKEN_B))).status, 403);
    const unknown = await post(port, '/audit/c', bearer(TOKEN_B));
    assert.equal(unknown.status, 404);
    assert.match(unknown.text, /\/audit\/b/);
    assert.doesNotMatch(unknown.text, /\/audit\/a/);
    assert.equal(batches.length, 2);
  });

  test('without a valid token it is 401, whatever the name, and no name is told', async (t) => {
    const { port, batches } = await startReceiver(t, TWO_CLUSTERS);
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${TOKEN_A}x`,
      `Basic ${TOKEN_A}`,
      `Bearer ${TOKEN_A} ${TOKEN_A}`,
    ]) {
      for (const path of ['/audit', '/audit/a', '/audit/nowhere']) {
        const answer = await post(port, path, { headers: { authorization } });
        assert.equal(answer.status, 401, authorization);
        assert.equal(answer.headers['www-authenticate'], 'Bearer realm="firstseen"');
        assert.doesNotMatch(answer.text, /nowhere|\/audit\/a/);
      }
    }
    assert.equal(batches.length, 0);
  });

  test('where nobody shows a credential, the path tells, or the default', async (t) => {
    const clusters = [{ name: 'a' }, { name: 'b', default: true }];
    const { port, batches } = await startReceiver(t, { clusters });
    assert.equal((await post(port, '/audit')).status, 200);
    assert.equal((await post(port, '/audit/a')).status, 200);
    assert.deepEqual(
      batches.map(({ cluster }) => cluster),
      ['b', 'a'],
    );
    const plain = await startReceiver(t, { clusters: [{ name: 'a' }, { name: 'b' }] });
    const answer = await post(plain.port, '/audit');
    assert.equal(answer.status, 404);
    assert.match(answer.text, /default/);
  });
});

describe('what is refused', () => {
  test('any other method', async (t) => {
    const { port } = await startReceiver(t);
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await post(port, '/audit', { method });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.allow, 'POST', method);
    }
  });

  test('any other path, as it stands', async (t) => {
    const { port, batches } = await startReceiver(t, { clusters: [{ name: 'local' }] });
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
      assert.equal(answer.status, 404, path);
      assert.ok(answer.text.length < 200, answer.text);
    }
    assert.equal(batches.length, 0);
  });

  test('a path longer than headers may be', async (t) => {
    const { port } = await startReceiver(t);
    const answer = await exchange(port, `POST /audit/${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  test('another content type, and any content encoding', async (t) => {
    const { port } = await startReceiver(t);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
      assert.equal((await post(port, '/audit', { headers: { 'content-type': type } })).status, 415, type);
    }
    for (const encoding of ['gzip', 'identity']) {
      const answer = await post(port, '/audit', { headers: { 'content-encoding': encoding } });
      assert.equal(answer.status, 415);
      assert.match(answer.text, /Content-Encoding/);
    }
  });

  test('a body without a length', async (t) => {
    const { port, batches } = await startReceiver(t);
    const chunked = await exchange(port, head(JSON_TYPE, 'Transfer-Encoding: chunked'), '2\r\n{}\r\n0\r\n\r\n');
    assert.match(chunked, /^HTTP\/1\.1 411 /);
    assert.match(await exchange(port, head(JSON_TYPE)), /^HTTP\/1\.1 411 /);
    assert.equal(batches.length, 0);
  });

  test('what a proxy and we might read differently', async (t) => {
    const { port, batches } = await startReceiver(t);
    const requests = [
      `${head(JSON_TYPE, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      `${head(JSON_TYPE, 'Content-Length: 2', 'Content-Length: 3')}{}`,
      `${head(JSON_TYPE, 'Content-Length: -2')}{}`,
      `${head(JSON_TYPE, 'Content-Length : 2')}{}`,
      'not http at all\r\n\r\n',
    ];
    for (const request of requests) {
      const answer = await exchange(port, request);
      assert.match(answer, /^HTTP\/1\.1 400 /, request);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    }
    assert.equal(batches.length, 0);
  });

  test('a body that is too large, before it is read, with an answer that the sender can see', async (t) => {
    const { port, batches, metrics } = await startReceiver(t, { maxBodyBytes: 1_000 });
    assert.equal((await post(port, '/audit', { body: Buffer.alloc(1_000) })).status, 200);
    const answer = await post(port, '/audit', { body: Buffer.alloc(3_000_000) });
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.connection, 'close');
    const declared = await exchange(port, head(JSON_TYPE, 'Content-Length: 99999999999999999999'));
    assert.match(declared, /^HTTP\/1\.1 4(13|00) /);
    assert.equal(batches.length, 1);
    assert.match((await metrics.expose()).text, /requests_refused_total\{reason="too_large"\} [12]/);
  });

  test('more than its Content-Length is the next request, not this one', async (t) => {
    const { port, batches } = await startReceiver(t);
    const answer = await exchange(port, `${head(JSON_TYPE, 'Content-Length: 2')}{}${'x'.repeat(100_000)}`);
    assert.match(answer, /HTTP\/1\.1 400 /);
    assert.ok(batches.every(({ body }) => body.length === 2));
  });

  test('bytes beyond those in flight: 503, until they are given back', async (t) => {
    let finish: () => void = () => undefined;
    const { port, metrics } = await startReceiver(t, { maxBodyBytes: 100, maxBytesInFlight: 150 }, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { kind: 'accepted', events: 0, quarantined: 0 };
    });
    const first = post(port, '/audit', { body: Buffer.alloc(100) });
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    const second = await post(port, '/audit', { body: Buffer.alloc(51) });
    assert.equal(second.status, 503);
    assert.equal(second.headers['retry-after'], '5');
    finish();
    assert.equal((await first).status, 200);
    const third = post(port, '/audit', { body: Buffer.alloc(100) });
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    finish();
    assert.equal((await third).status, 200);
  });
});

describe('slow and broken senders', () => {
  test('a body that does not come in time: 408, and its bytes are given back', async (t) => {
    const { port, batches, metrics } = await startReceiver(t, { timeouts: { headersMs: 200, requestMs: 400 } });
    const answer = await exchange(port, head(JSON_TYPE, 'Content-Length: 100'), '{');
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.equal(batches.length, 0);
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 0'), { what: 'no held body' });
  });

  test('headers that do not come in time: 408', async (t) => {
    const { port } = await startReceiver(t, { timeouts: { headersMs: 200, requestMs: 400 } });
    assert.match(await exchange(port, 'POST /audit HTTP/1.1\r\nHost: x\r\n'), /^HTTP\/1\.1 408 /);
    assert.match(await exchange(port), /^(HTTP\/1\.1 408 |$)/);
  });

  test('a sender that goes away in the middle', async (t) => {
    const { port, batches, metrics, bugs } = await startReceiver(t);
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head(JSON_TYPE, 'Content-Length: 100')}{`);
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 100'), { what: 'a held body' });
    socket.destroy();
    await waitFor(async () => (await metrics.expose()).text.includes('bytes_in_flight 0'), { what: 'no held body' });
    assert.match((await metrics.expose()).text, /requests_refused_total\{reason="aborted"\} 1/);
    assert.equal(batches.length, 0);
    assert.equal(bugs.length, 0);
  });
});

test('connections beyond the limit are dropped and counted', async (t) => {
  const { port, metrics } = await startReceiver(t, { maxConnections: 1 });
  const first = connect(port, '127.0.0.1');
  await once(first, 'connect');
  assert.equal(await exchange(port, head(JSON_TYPE)), '');
  assert.match((await metrics.expose()).text, /reason="too_many_connections"\} 1/);
  first.destroy();
});

describe('what ingest answers', () => {
  test('an operational fault: 503 with Retry-After, and no word of the inside', async (t) => {
    const { port, bugs } = await startReceiver(t, {}, async () => {
      throw new OperationalError('store_unavailable', 'redis.internal:6379 refused');
    });
    const answer = await post(port, '/audit');
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '5');
    assert.doesNotMatch(answer.text, /redis\.internal/);
    assert.equal(bugs.length, 0);
  });

  test('a bug: 500, and told to the owner of the process', async (t) => {
    const bug = new TypeError('oops');
    const { port, bugs, log } = await startReceiver(t, {}, async () => {
      throw bug;
    });
    assert.equal((await post(port, '/audit', { body: '{"secret":1}' })).status, 500);
    assert.deepEqual(bugs, [bug]);
    assert.ok(log.some((line) => line.includes('oops')));
    assert.ok(!log.some((line) => line.includes('secret')));
  });
});

describe('starting', () => {
  const deps = { ingest: { ingest: () => assert.fail() }, onBug: () => undefined } as never;

  test('no credential on an address that others reach is refused, unless it is allowed by name', async (t) => {
    const unsafe = { ...receiverOptions(), listen: { host: '0.0.0.0', port: 0 } };
    assert.throws(() => createReceiver(deps, unsafe), /listen: expected a loopback address, because no sender/);
    const { port, log } = await startReceiver(t, { listen: '0.0.0.0:0', allowUnauthenticated: true });
    assert.equal((await post(port, '/audit')).status, 200);
    assert.ok(log.some((line) => line.includes('from anyone who reaches it')));
  });

  test('a port that is taken is said', async (t) => {
    const { port } = await startReceiver(t);
    await assert.rejects(startReceiver(t, { listen: `127.0.0.1:${port}` }), { code: 'EADDRINUSE' });
  });
});
