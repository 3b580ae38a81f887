import { readFileSync } from 'node:fs';
import { readTokens } from '../../http/authenticate.ts';
import { certificateFiles, loadCertificates } from '../../http/certificates.ts';
import { isLoopback, type ReceiverOptions, requiresCredential } from '../../http/options.ts';
import { readFailure } from '../../rulefiles/find-rule-files.ts';
import { day, subjectOf, validity } from '../certificate.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, warning } from '../finding.ts';
import { newServerCertificate } from '../mend-certificates.ts';
import { IN_THE_POD } from '../subject.ts';
import { certificatesOf } from '../webhook-kubeconfig.ts';

/** The files that the receiver loads at its start and reloads when they change: certificates, keys, CA, tokens. */
export const receiverCredentialsCheck: Check = {
  name: 'receiver-credentials',
  async run(subject) {
    const receiver = subject.section('receiver');
    const exposed = exposure(receiver);
    const contents = new Map<string, string>();
    const unread: Finding[] = [];
    const tokenFiles = receiver.clusters.flatMap(({ tokenFile }) => tokenFile ?? []);
    for (const file of [...(receiver.tls === undefined ? [] : certificateFiles(receiver.tls)), ...tokenFiles]) {
      try {
        contents.set(file, readFileSync(file, 'utf8'));
      } catch (error) {
        unread.push(
          failure(`${file}: ${readFailure(error)}`, {
            why: 'firstseen does not start without this file',
            mend: `create the file; or, if it is in the pod: ${IN_THE_POD}`,
          }),
        );
      }
    }
    if (unread.length > 0) return [...exposed, ...unread];
    return [...exposed, ...loaded(receiver, contents, subject.now())];
  },
};

function exposure(receiver: ReceiverOptions): readonly Finding[] {
  if (requiresCredential(receiver)) return [];
  if (isLoopback(receiver.listen))
    return [ok('the receiver needs no credential, because only this machine reaches it')];
  return [
    warning('the receiver accepts audit events without a credential (receiver.allowUnauthenticated)', {
      why: 'anyone who reaches the port can forge events, and teach rules that an attack is normal',
      mend: 'set receiver.tls.clientCAFile, and remove receiver.allowUnauthenticated',
    }),
  ];
}

function loaded(receiver: ReceiverOptions, contents: ReadonlyMap<string, string>, now: number): readonly Finding[] {
  const { tls, clusters } = receiver;
  try {
    readTokens(clusters, contents);
    if (tls !== undefined) loadCertificates(tls, contents);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    return [
      failure(error.message, {
        why: 'firstseen does not start with these files, or uses the old ones until it restarts',
        mend: tls === undefined ? 'openssl rand -hex 32 > TOKEN-FILE' : newServerCertificate(),
      }),
    ];
  }
  if (tls === undefined) return [];
  const [server] = certificatesOf(contents.get(tls.certFile) ?? '') ?? [];
  const authorities =
    tls.clientCAFile === undefined ? [] : (certificatesOf(contents.get(tls.clientCAFile) ?? '') ?? []);
  const findings = [
    ...(server === undefined
      ? []
      : validity(`the receiver's certificate ${tls.certFile}`, server, now, {
          why: 'from then on the API server sends nothing',
          mend: newServerCertificate(),
        })),
    ...authorities.flatMap((authority) =>
      validity(`the client CA ${subjectOf(authority)} in ${tls.clientCAFile}`, authority, now, {
        why: 'from then on no client certificate is accepted, and no event arrives',
        mend: 'add the new CA to ca.crt beside the old one, sign new certificates with it, then remove the old one',
      }),
    ),
  ];
  if (findings.length > 0 || server === undefined) return findings;
  return [ok(`${tls.certFile} matches its key and is valid until ${day(server.validToDate)}`)];
}
