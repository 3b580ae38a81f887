import { expect, test } from '@jest/globals';
import { flagsOfText, flagsOfWords } from './api-server-flags.ts';

test('reads the flags of a command line', () => {
  const words = ['kube-apiserver', '--a=1', '--b', '2', '--c', '--d=x=y', '-v=2', '--a=3'];
  expect(Object.fromEntries(flagsOfWords(words))).toEqual({ a: '3', b: '2', c: 'true', d: 'x=y', v: '2' });
});

const WANTED = {
  'audit-policy-file': '/p',
  'audit-webhook-batch-max-size': '100',
  'audit-webhook-truncate-enabled': 'true',
};

test.each([
  [
    'the manifest of a static pod',
    'spec:\n  containers:\n  - command:\n    - kube-apiserver\n    - --audit-policy-file=/p\n    - --audit-webhook-batch-max-size=100\n    - --audit-webhook-truncate-enabled=true\n    volumeMounts:\n    - {mountPath: /etc/kubernetes/audit-files, name: audit}\n',
  ],
  [
    'a configuration of k3s or RKE2',
    'kube-apiserver-arg:\n  - audit-policy-file=/p\n  # - audit-webhook-mode=blocking\n  - "audit-webhook-batch-max-size=100"\n  - \'audit-webhook-truncate-enabled=true\'\n',
  ],
  [
    'a configuration of Talos',
    'extraArgs:\n  audit-policy-file: /p\n  audit-webhook-batch-max-size: "100"\n  "audit-webhook-truncate-enabled": true\n',
  ],
  [
    'the output of ps',
    'kube-apiserver --audit-policy-file /p --audit-webhook-batch-max-size=100 --audit-webhook-truncate-enabled --v=2',
  ],
  [
    'lines with Windows line ends',
    '--audit-policy-file=/p\r\n--audit-webhook-batch-max-size=100\r\n--audit-webhook-truncate-enabled\r\n',
  ],
])('reads flags from %s', (_, text) => {
  expect(Object.fromEntries(flagsOfText(text))).toEqual(WANTED);
});

test('finds no flags in a text without any', () => {
  expect(flagsOfText('apiVersion: v1\nkind: Pod\nmetadata: {name: not-audit-webhook}\n').size).toBe(0);
});
