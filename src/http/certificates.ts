import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsOptions } from './options.ts';
import type { FileContents } from './watched-files.ts';

export interface Certificates {
  /** Options of a TLS server. */
  readonly context: SecureContextOptions;
  /** The earliest expiry of each kind of certificate. */
  readonly expiry: readonly { readonly name: 'server' | 'server_chain' | 'client_ca'; readonly at: Date }[];
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function certificateFiles(options: TlsOptions): readonly string[] {
  return [options.certFile, options.keyFile, ...(options.clientCAFile === undefined ? [] : [options.clientCAFile])];
}

/**
 * Builds the options of a TLS server: TLS 1.2 or later, and no session tickets, because a resumed session has no client
 * certificate and may still count as authorised.
 *
 * @throws Error that names the file, what is wrong with it and what was expected
 */
export function loadCertificates(options: TlsOptions, contents: FileContents): Certificates {
  const cert = contents.get(options.certFile) ?? '';
  const key = contents.get(options.keyFile) ?? '';
  const [server, ...chain] = readCertificates(options.certFile, cert);
  const privateKey = explain(options.keyFile, 'a private key in PEM, without a passphrase', () =>
    createPrivateKey(key),
  );
  if (server === undefined || !server.checkPrivateKey(privateKey)) {
    throw new Error(`${options.keyFile}: expected the private key of the certificate in ${options.certFile}`);
  }
  const ca = options.clientCAFile === undefined ? undefined : (contents.get(options.clientCAFile) ?? '');
  const authorities = options.clientCAFile === undefined ? [] : readCertificates(options.clientCAFile, ca ?? '');
  const context: SecureContextOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca: ca.match(PEM_CERTIFICATE) ?? [] }),
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  explain(options.certFile, 'a certificate chain and key that TLS can use', () => createSecureContext(context));
  return {
    context,
    expiry: [
      { name: 'server', at: server.validToDate },
      ...firstToExpire('server_chain', chain),
      ...firstToExpire('client_ca', authorities),
    ],
  };
}

function firstToExpire<N extends string>(
  name: N,
  certificates: readonly X509Certificate[],
): readonly { readonly name: N; readonly at: Date }[] {
  const [at] = certificates.map(({ validToDate }) => validToDate).sort((a, b) => a.getTime() - b.getTime());
  return at === undefined ? [] : [{ name, at }];
}

function readCertificates(file: string, pem: string): readonly X509Certificate[] {
  const blocks = pem.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new Error(`${file}: expected at least one certificate in PEM, found none`);
  return blocks.map((block) => explain(file, 'certificates in PEM', () => new X509Certificate(block)));
}

function explain<T>(file: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new Error(`${file}: expected ${expected}`, { cause });
  }
}
