import { expect, test } from '@jest/globals';
import { hasFailures, type JunitSuite, junitXml } from './junit.ts';

const SUITES: readonly JunitSuite[] = [
  {
    name: 'exec-into-pod',
    file: 'rules/exec.yaml',
    properties: [['matches', 2]],
    cases: [
      { name: 'runs' },
      { name: 'a shell', file: 'rules/exec.yaml', line: 12, problem: { kind: 'failed', message: 'no alert' } },
    ],
  },
  { name: 'broken', cases: [{ name: 'loads', problem: { kind: 'error', message: 'bad', detail: 'a < b\n  ^' } }] },
];

test('suites, cases, totals and properties', () => {
  expect(junitXml(SUITES)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="firstseen" tests="3" failures="1" errors="1">
  <testsuite name="exec-into-pod" file="rules/exec.yaml" tests="2" failures="1" errors="0">
    <properties>
      <property name="matches" value="2"/>
    </properties>
    <testcase classname="exec-into-pod" name="runs"/>
    <testcase classname="exec-into-pod" name="a shell" file="rules/exec.yaml" line="12">
      <failure message="no alert">no alert</failure>
    </testcase>
  </testsuite>
  <testsuite name="broken" tests="1" failures="0" errors="1">
    <testcase classname="broken" name="loads">
      <error message="bad">a &lt; b
  ^</error>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test('hasFailures', () => {
  expect(hasFailures(SUITES)).toBe(true);
  expect(hasFailures([{ name: 'a', cases: [{ name: 'runs' }] }])).toBe(false);
  expect(hasFailures([])).toBe(false);
});

test('hostile text is escaped to valid XML', () => {
  const hostile = `"/><x a='&amp;'>]]>\u0000\u001b[31m\u200b\ufffe\uffff\ud800 é 😀`;
  const xml = junitXml([{ name: hostile, cases: [{ name: hostile, problem: { kind: 'error', message: hostile } }] }]);
  expect(xml).toMatch(/classname="&quot;\/&gt;&lt;x a='&amp;amp;'&gt;]]&gt;/);
  expect(xml).toMatch(/\\u\{0\}\\u\{1b\}\[31m\\u\{200b\}\\u\{fffe\}\\u\{ffff\}\\u\{d800\} é 😀/);
  // https://www.w3.org/TR/xml/#charsets
  expect(xml).toMatch(/^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u);
  expect(xml.match(/<[a-z]/g)).toHaveLength(4);
});
