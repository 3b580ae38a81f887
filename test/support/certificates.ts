import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its key, as files and as text. */
export interface CertificatePair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority that signs for the receiver and its senders. */
export interface CertificateAuthority extends CertificatePair {
  /** A server certificate for localhost, 127.0.0.1 and ::1, unless told; it ends a day from now unless told. */
  server(name: string, options?: ServerOptions): Promise<CertificatePair>;
  client(name: string, more?: ClientOptions): Promise<CertificatePair>;
}

export interface ServerOptions {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly notAfter?: Date;
}

export interface ClientOptions {
  readonly dnsNames?: readonly string[];
  /** Such as one that has passed; a day from now unless told. */
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

/** Makes a certificate authority; its files, and those of what it signs, are `<name>.crt` and `<name>.key` in the folder. */
export async function createCertificateAuthority(folder: string, name: string): Promise<CertificateAuthority> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...shared(),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { key: made.private, cert: made.cert };

  return {
    ...write(folder, name, made),
    async server(serverName, { dnsNames = ['localhost'], ipAddresses = ['127.0.0.1', '::1'], notAfter } = {}) {
      const pair = await generate([{ name: 'commonName', value: serverName }], {
        ...shared(notAfter),
        ca,
        extensions: [
          { name: 'keyUsage', digitalSignature: true },
          { name: 'extKeyUsage', serverAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              ...dnsNames.map((value) => ({ type: 2 as const, value })),
              ...ipAddresses.map((ip) => ({ type: 7 as const, ip })),
            ],
          },
        ],
      });
      return write(folder, serverName, pair);
    },
    async client(clientName, { dnsNames = [], notAfter } = {}) {
      const pair = await generate([{ name: 'commonName', value: clientName }], {
        ...shared(notAfter),
        ca,
        extensions: [
          { name: 'keyUsage', digitalSignature: true },
          { name: 'extKeyUsage', clientAuth: true },
          { name: 'subjectAltName', altNames: dnsNames.map((value) => ({ type: 2, value })) },
        ],
      });
      return write(folder, clientName, pair);
    },
  };
}

function shared(notAfter = new Date(Date.now() + DAY_MS)) {
  return {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS),
    notAfterDate: notAfter,
  } as const;
}

function write(
  folder: string,
  name: string,
  made: { readonly cert: string; readonly private: string },
): CertificatePair {
  const pair = {
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
    cert: made.cert,
    key: made.private,
  };
  writeFileSync(pair.certFile, pair.cert);
  writeFileSync(pair.keyFile, pair.key, { mode: 0o600 });
  return pair;
}
