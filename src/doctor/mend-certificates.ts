import { shellWord } from './shell-word.ts';
import type { WebhookKubeconfig } from './webhook-kubeconfig.ts';

/** Commands that sign a certificate with the receiver's CA, as in the README. */
function issue(name: string, usage: 'serverAuth' | 'clientAuth', names: string): string {
  return [
    `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
    `printf 'basicConstraints=CA:FALSE\\nextendedKeyUsage=${usage}\\nsubjectAltName=${names}\\n' > ${name}.ext`,
    `openssl x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile ${name}.ext -out ${name}.crt`,
  ].join('\n');
}

const RESTART = '# copy it to each control-plane node and restart kube-apiserver there: it reads the file once';

/** A new client certificate for the API server. */
export function newClientCertificate({ file, userName }: WebhookKubeconfig): string {
  return [
    '# if the chart makes it: kubectl -n firstseen delete secret firstseen-webhook, helm upgrade, and take webhook.yaml from the new Secret; otherwise:',
    issue('kube-apiserver', 'clientAuth', 'DNS:kube-apiserver'),
    `kubectl config set-credentials ${shellWord(userName)} --kubeconfig ${shellWord(file)} --client-certificate kube-apiserver.crt --client-key kube-apiserver.key --embed-certs`,
    RESTART,
  ].join('\n');
}

const WHERE_THE_CA_IS =
  '# ca.crt: kubectl -n firstseen get secret firstseen-tls -o go-template=\'{{index .data "ca.crt" | base64decode}}\' > ca.crt';

/** Commands that make the API server trust the receiver's CA. */
export function newAuthority(webhook: WebhookKubeconfig, ...flags: readonly string[]): string {
  return `${WHERE_THE_CA_IS}\n${changeWebhook(webhook, ...flags, '--certificate-authority=ca.crt', '--embed-certs')}`;
}

/** A command that changes the receiver's entry in the webhook's kubeconfig. */
export function changeWebhook({ file, clusterName }: WebhookKubeconfig, ...flags: readonly string[]): string {
  return `kubectl config set-cluster ${shellWord(clusterName)} --kubeconfig ${shellWord(file)} ${flags.join(' ')}\n${RESTART}`;
}

/** A new certificate for the receiver; firstseen loads it without a restart. */
export function newServerCertificate(serverName = 'firstseen'): string {
  return [
    '# if the chart makes it: kubectl -n firstseen delete secret firstseen-tls, and helm upgrade; cert-manager renews it by itself; otherwise:',
    issue('firstseen', 'serverAuth', /^[\d.]+$|:/.test(serverName) ? `IP:${serverName}` : `DNS:${serverName}`),
    'kubectl -n firstseen create secret generic firstseen-tls --from-file=tls.crt=firstseen.crt --from-file=tls.key=firstseen.key --from-file=ca.crt=ca.crt --dry-run=client -o yaml | kubectl apply -f -',
  ].join('\n');
}
