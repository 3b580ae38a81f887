import { expect, test } from '@jest/globals';
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
  for (const [userAgent, product] of Object.entries(cases)) expect(productOf(userAgent)).toBe(product);
});

test('two versions of a program are one product, and two programs are not', () => {
  expect(productOf('curl/8.5.0')).toBe(productOf('curl/8.14.1-DEV'));
  expect(productOf('curl/8.5.0')).not.toBe(productOf('Curl/8.5.0'));
  expect(productOf('kubectl/v1.33.1')).not.toBe(productOf('kubectl/v1.33.1 evil/1.0'));
  expect(productOf('kubectl/v1.33.1/evil')).not.toBe(productOf('kubectl/v1.33.1'));
});

test.each(['', ' ', '1.2.3', 'v1', '(linux)', ')', '/', 'a'.repeat(4_097), `a/1.${'0'.repeat(5_000)}`])(
  'a user agent of which nothing would be left, and one that is too long to be one, stay as they are: %j',
  (userAgent) => {
    expect(productOf(userAgent)).toBe(userAgent);
  },
);

test('a comment that is not closed goes to the end, a parenthesis that closes none is text', () => {
  expect(productOf('curl/8.5.0 (((linux')).toBe('curl');
  expect(productOf('curl) wget/1.2')).toBe('curl) wget');
});
