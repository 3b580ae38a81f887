import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productOf } from './product.ts';

test('versions, platform and commit go, what names a program stays', () => {
  const cases: Readonly<Record<string, string>> = {
    'kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0': 'kubectl',
    'kubectl.exe/v1.32.0 (windows/amd64) kubernetes/$Format': 'kubectl',
    'kubelet/v1.31.4+k3s1 (linux/arm64) kubernetes/a562d09': 'kubelet',
    'argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format': 'argocd-application-controller',
    'kube-controller-manager/v1.33.1 (linux/amd64) kubernetes/8adc0f0/leader-election':
      'kube-controller-manager/leader-election',
    'kube-controller-manager/v1.33.1 (linux/amd64) kubernetes/8adc0f0/system:serviceaccount:kube-system:job-controller':
      'kube-controller-manager/system:serviceaccount:kube-system:job-controller',
    'Helm/3.17.0': 'Helm',
    'masscan/1.3 (https://github.com/robertdavidgraham/masscan)': 'masscan',
    'python-requests/2.32.3': 'python-requests',
    'OpenAPI-Generator/31.0.0/python': 'OpenAPI-Generator/python',
    'Mozilla/5.0 (X11; Linux (x86_64)) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36':
      'Mozilla AppleWebKit Chrome Safari',
    'kubernetes/8adc0f0': 'kubernetes',
    curl: 'curl',
  };
  for (const [userAgent, product] of Object.entries(cases)) assert.equal(productOf(userAgent), product);
});

test('two versions of a program are one product, and two programs are not', () => {
  assert.equal(productOf('curl/8.5.0'), productOf('curl/8.14.1-DEV'));
  assert.notEqual(productOf('curl/8.5.0'), productOf('Curl/8.5.0'));
  assert.notEqual(productOf('kubectl/v1.33.1'), productOf('kubectl/v1.33.1 evil/1.0'));
  assert.notEqual(productOf('kubectl/v1.33.1/evil'), productOf('kubectl/v1.33.1'));
});

test('a user agent of which nothing would be left, and one that is too long to be one, stay as they are', () => {
  for (const userAgent of [
    '',
    ' ',
    '1.2.3',
    'v1',
    '(linux)',
    ')',
    '/',
    'a'.repeat(4_097),
    `a/1.${'0'.repeat(5_000)}`,
  ]) {
    assert.equal(productOf(userAgent), userAgent);
  }
});

test('a comment that is not closed goes to the end, a parenthesis that closes none is text', () => {
  assert.equal(productOf('curl/8.5.0 (((linux'), 'curl');
  assert.equal(productOf('curl) wget/1.2'), 'curl) wget');
});
