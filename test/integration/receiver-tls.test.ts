import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CertificateAuthority,
  type CertificatePair,
  createCertificateAuthority,
} from '../support/certificates.ts';
import { onTestEnd } from '../support/on-test-end.ts';
import { post, type ReceiverInput, startReceiver } from '../support/receiver.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const folder = createTemporaryFolder('receiver-tls');
const TOKEN = 'token-of-cluster-t-0123456789';
const RELOAD_MS = 50;

let ca: CertificateAuthority;
let stranger: CertificateAuthority;
let server: CertificatePair;
let client: CertificatePair;

beforeAll(async () => {
  ca = await createCertificateAuthority(folder, 'ca');
  stranger = await createCertificateAuthority(folder, 'stranger');
  server = await ca.server('server');
  client = await ca.client('system:cluster-a', { dnsNames: ['a.example', '*.b.example'] });
});

const mutual = (clusters?: ReceiverInput['clusters']): ReceiverInput => ({
  tls: { certFile: server.certFile, keyFile: server.keyFile, clientCAFile: ca.certFile },
  ...(clusters === undefined ? {} : { clusters }),
});

const as = ({ cert, key }: CertificatePair) => ({ ca: ca.cert, cert, key });
const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };

describe('client certificates', () => {
  test('the only cluster without clientNames takes any certificate of the CA, and no other', async () => {
    const { port, batches, metrics, log } = await startReceiver(mutual());
    expect((await post(port, '/audit', as(client))).status).toBe(200);
    expect((await post(port, '/audit/local', as(client))).status).toBe(200);
    const end = Date.parse(new X509Certificate(client.cert).validTo) / 1_000;
    expect((await metrics.expose()).text).toMatch(
      new RegExp(`sender_certificate_expiry_timestamp_seconds{cluster="local",sender="127.0.0.1"} ${end}`),
    );
    const expired = await ca.client('expired', { notAfter: new Date(Date.now() - 1_000) });
    await expect(post(port, '/audit', { ca: ca.cert })).rejects.toThrow(/certificate required|ECONNRESET|EPIPE/);
    await expect(post(port, '/audit', as(await stranger.client('system:cluster-a')))).rejects.toThrow();
    await expect(post(port, '/audit', as(expired))).rejects.toThrow();
    await expect(post(port, '/audit', as(stranger))).rejects.toThrow();
    expect(batches).toHaveLength(2);
    await waitFor(async () => (await metrics.expose()).text.includes('reason="tls_handshake"} 4'), { what: 'a count' });
    expect(log.filter((line) => line.includes('"reason":"tls_handshake"'))).toHaveLength(1);
    expect((await metrics.expose()).text).toMatch(/reason="malformed"} 0/);
  });

  test('a certificate stands for the cluster that its name is bound to', async () => {
    const { port, batches } = await startReceiver(
      mutual([
        { name: 'a', clientNames: ['system:cluster-a'] },
        { name: 'b', clientNames: ['cluster-b', 'b.example'] },
      ]),
    );
    const b = await ca.client('other', { dnsNames: ['b.example'] });
    expect((await post(port, '/audit', as(client))).status).toBe(200);
    expect((await post(port, '/audit/b', as(b))).status).toBe(200);
    expect(batches.map(({ cluster }) => cluster)).toEqual(['a', 'b']);
    expect((await post(port, '/audit/b', as(client))).status).toBe(403);
    const unbound = await post(port, '/audit', as(await ca.client('nobody')));
    expect(unbound.status).toBe(403);
    expect(unbound.text).toMatch(/clientNames/);
  });

  test('a name is compared as it stands: no wildcard, no part, no second reading of a hostile name', async () => {
    const { port } = await startReceiver(
      mutual([
        { name: 'a', clientNames: ['x.b.example', 'b.example', 'evil.example'] },
        { name: 'b', clientNames: ['b'] },
      ]),
    );
    expect((await post(port, '/audit', as(client))).status).toBe(403);
    const hostile = await ca.client('hostile', { dnsNames: ['x, DNS:evil.example, DNS:y'] });
    expect((await post(port, '/audit', as(hostile))).status).toBe(403);
  });

  test('a certificate that bears the names of two clusters stands for neither', async () => {
    const { port } = await startReceiver(
      mutual([
        { name: 'a', clientNames: ['system:cluster-a'] },
        { name: 'b', clientNames: ['a.example'] },
      ]),
    );
    expect((await post(port, '/audit', as(client))).status).toBe(403);
  });
});

test('HTTP/2 is not spoken: a client that offers it is answered in HTTP/1.1, whose connections a stop can move', async () => {
  const { port } = await startReceiver(mutual([{ name: 'a' }]));
  const socket = connect({ ...as(client), port, host: '127.0.0.1', ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
  socket.destroy();
});

describe('certificates and tokens', () => {
  const both = () =>
    mutual([
      { name: 'a', clientNames: ['system:cluster-a'] },
      { name: 't', token: TOKEN },
    ]);

  test('either suffices', async () => {
    const { port, batches } = await startReceiver(both());
    expect((await post(port, '/audit', as(client))).status).toBe(200);
    expect((await post(port, '/audit', { ca: ca.cert, ...bearer })).status).toBe(200);
    expect((await post(port, '/audit', { ...as(await stranger.client('x')), ...bearer })).status).toBe(200);
    expect(batches.map(({ cluster }) => cluster)).toEqual(['a', 't', 't']);
  });

  test('neither is 401, a certificate of another CA is none, and two that disagree are 403', async () => {
    const { port, batches } = await startReceiver(both());
    expect((await post(port, '/audit', { ca: ca.cert })).status).toBe(401);
    expect((await post(port, '/audit', as(await stranger.client('system:cluster-a')))).status).toBe(401);
    expect((await post(port, '/audit', { ...as(client), ...bearer })).status).toBe(403);
    expect(batches).toHaveLength(0);
  });

  test('a token alone, over TLS, where no certificate is asked for', async () => {
    const { port } = await startReceiver({
      listen: '0.0.0.0:0',
      tls: { certFile: server.certFile, keyFile: server.keyFile },
      clusters: [{ name: 't', token: TOKEN }],
    });
    expect((await post(port, '/audit', { ca: ca.cert, ...bearer })).status).toBe(200);
    expect((await post(port, '/audit', as(client))).status).toBe(401);
  });
});

describe('sessions', () => {
  /** One request over a connection of its own; answers its first line and the sessions that the server offered. */
  async function speak(port: number, options: ConnectionOptions) {
    const sessions: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', ca: ca.cert, servername: 'localhost', ...options });
    let text = '';
    let reused = false;
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused();
    });
    socket.on('session', (session) => sessions.push(session));
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.write(
      'POST /audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
    );
    await new Promise((resolve) => socket.once('close', resolve));
    return { line: text.split('\r\n')[0] ?? '', sessions, reused };
  }

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version };

    test(`${version}: a session cannot be resumed, with or without the certificate`, async () => {
      for (const clusters of [undefined, [{ name: 'a', clientNames: ['system:cluster-a'], token: TOKEN }]]) {
        const { port, batches } = await startReceiver(mutual(clusters));
        const first = await speak(port, { ...only, cert: client.cert, key: client.key });
        expect(first.line).toBe('HTTP/1.1 200 OK');
        // Also a session made without a certificate, where the handshake lets one through.
        const bare = await speak(port, only);
        expect(bare.line).not.toBe('HTTP/1.1 200 OK');
        for (const session of [...first.sessions, ...bare.sessions]) {
          const resumed = await speak(port, { ...only, session });
          expect(resumed.line).not.toBe('HTTP/1.1 200 OK');
          expect(resumed.reused).toBe(false);
          const again = await speak(port, { ...only, session, cert: client.cert, key: client.key });
          expect(again.reused).toBe(false);
        }
        expect(batches.length).toBeGreaterThanOrEqual(1);
      }
    });
  }

  test('TLS 1.1 is refused', async () => {
    const { port } = await startReceiver(mutual());
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await speak(port, { ...old, cert: client.cert, key: client.key })).line).toBe('');
  });
});

describe('files that change', () => {
  /** Which certificate the receiver shows, by its serial number. */
  async function shown(port: number): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...as(client) });
    await once(socket, 'secureConnect');
    const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
    socket.destroy();
    return serial;
  }
  const serialOf = (pair: CertificatePair): string => new X509Certificate(pair.cert).serialNumber;

  function copies(name: string) {
    const certFile = join(folder, `${name}-live.crt`);
    const keyFile = join(folder, `${name}-live.key`);
    const clientCAFile = join(folder, `${name}-live-ca.crt`);
    copyFileSync(server.certFile, certFile);
    copyFileSync(server.keyFile, keyFile);
    copyFileSync(ca.certFile, clientCAFile);
    return { certFile, keyFile, clientCAFile };
  }

  test('a new pair is taken into use; half a pair, and a broken one, are not', async () => {
    const files = copies('rotate');
    const { port, log, metrics, receiver } = await startReceiver({ tls: files, reloadMs: RELOAD_MS });
    expect(await shown(port)).toBe(serialOf(server));
    const next = await ca.server('next');

    writeFileSync(files.certFile, next.cert);
    await waitFor(() => log.some((line) => line.includes('expected the private key of')), { what: 'a log line' });
    expect(await shown(port)).toBe(serialOf(server));

    writeFileSync(files.keyFile, next.key);
    await waitFor(async () => (await shown(port)) === serialOf(next), { what: 'the new certificate' });

    writeFileSync(files.certFile, 'not a certificate');
    await waitFor(() => log.some((line) => line.includes('expected at least one certificate')), { what: 'a log line' });
    expect(await shown(port)).toBe(serialOf(next));
    await waitFor(() => true, { what: 'a few more looks', intervalMs: 3 * RELOAD_MS });
    expect(log.filter((line) => line.includes('expected at least one certificate'))).toHaveLength(1);

    const expiry = Date.parse(new X509Certificate(next.cert).validTo) / 1_000;
    const { text } = await metrics.expose();
    expect(text).toMatch(new RegExp(`certificate_expiry.*name="server"} ${expiry}`));
    expect(text).not.toMatch(/name="server_chain"/);

    // As a chain comes from cert-manager: the certificate, then what has signed it.
    writeFileSync(files.certFile, `${next.cert}\n${ca.cert}`);
    const chain = new RegExp(`name="server_chain"} ${Date.parse(new X509Certificate(ca.cert).validTo) / 1_000}`);
    await waitFor(async () => chain.test((await metrics.expose()).text), { what: 'the expiry of the chain' });
    expect(receiver.readiness().map(({ name, ok }) => [name, ok])).toEqual([
      ['receiver', true],
      ['tls', true],
    ]);
  });

  test('a new CA holds for new connections, and old ones are closed after one answer', async () => {
    const files = copies('new-ca');
    const { port } = await startReceiver({ tls: files, reloadMs: RELOAD_MS });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestEnd(() => agent.destroy());
    const first = await post(port, '/audit', { ...as(client), agent });
    expect(first.headers.connection).toBe('keep-alive');
    writeFileSync(files.clientCAFile, stranger.cert);
    const other = await stranger.client('system:other');
    await waitFor(async () => (await post(port, '/audit', as(other))).status === 200, { what: 'the new CA' });
    expect((await post(port, '/audit', { ...as(client), agent })).headers.connection).toBe('close');
    await expect(post(port, '/audit', { ...as(client), agent })).rejects.toThrow();
  });

  test('a token file, swapped as a mounted Secret is', async () => {
    const tokenFile = join(folder, 'token');
    const swap = (text: string, generation: string): void => {
      writeFileSync(join(folder, `token-${generation}`), text);
      symlinkSync(`token-${generation}`, join(folder, 'token-tmp'));
      renameSync(join(folder, 'token-tmp'), tokenFile);
    };
    swap(`${TOKEN}\n`, '1');
    const { port, log } = await startReceiver({ clusters: [{ name: 't', tokenFile }], reloadMs: RELOAD_MS });
    expect((await post(port, '/audit', bearer)).status).toBe(200);
    swap('short', '2');
    await waitFor(() => log.some((line) => line.includes('at least 16')), { what: 'a log line' });
    expect((await post(port, '/audit', bearer)).status).toBe(200);
    swap('another-token-0123456789', '3');
    await waitFor(async () => (await post(port, '/audit', bearer)).status === 401, { what: 'the new token' });
    const renewed = { headers: { authorization: 'Bearer another-token-0123456789' } };
    expect((await post(port, '/audit', renewed)).status).toBe(200);
    expect(log.some((line) => line.includes('0123456789'))).toBe(false);
  });

  test('files that cannot be used at the start are an error that names them', async () => {
    const broken = copies('broken');
    writeFileSync(broken.keyFile, client.key);
    await expect(startReceiver({ tls: broken })).rejects.toThrow(/broken-live\.key: expected the private key of/);
    await expect(startReceiver({ tls: { ...broken, certFile: join(folder, 'none') } })).rejects.toThrow(/ENOENT.*none/);
    writeFileSync(broken.keyFile, 'x');
    await expect(startReceiver({ tls: broken })).rejects.toThrow(/broken-live\.key: expected a private key in PEM/);
  });
});
