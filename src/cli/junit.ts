import { sanitise } from '../audit/text.ts';

/** One suite, such as a rule: its test cases and properties. */
export interface JunitSuite {
  readonly name: string;
  /** The file of the rule. */
  readonly file?: string;
  readonly properties?: readonly (readonly [name: string, value: string | number])[];
  readonly cases: readonly JunitCase[];
}

export interface JunitCase {
  readonly name: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** Absent if the case passed. `failed`: wrong outcome; `error`: it could not run. */
  readonly problem?: { readonly kind: 'failed' | 'error'; readonly message: string; readonly detail?: string };
}

/**
 * Test results as JUnit XML, in the subset that CI systems share: suites, cases, failures, errors, properties, and
 * `file` and `line` on a case as in GitLab and pytest. Characters that are invisible or that XML 1.0 forbids
 * are escaped.
 *
 * @see https://github.com/testmoapp/junitxml (the common denominator), https://www.w3.org/TR/xml/#charsets
 */
export function junitXml(suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  const lines = suites.flatMap((suite) => [
    `  <testsuite${attributes([['name', suite.name], ['file', suite.file], ...totals(suite.cases)])}>`,
    ...propertiesOf(suite),
    ...suite.cases.flatMap((testCase) => caseLines(suite.name, testCase)),
    '  </testsuite>',
  ]);
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes([['name', 'firstseen'], ...totals(all)])}>`,
    ...lines,
    '</testsuites>',
  ].join('\n')}\n`;
}

/** Whether any case of the suites failed or could not run. */
export function hasFailures(suites: readonly JunitSuite[]): boolean {
  return suites.some(({ cases }) => cases.some(({ problem }) => problem !== undefined));
}

type Attribute = readonly [name: string, value: string | number | undefined];

function totals(cases: readonly JunitCase[]): readonly Attribute[] {
  const of = (kind: 'failed' | 'error') => cases.filter(({ problem }) => problem?.kind === kind).length;
  return [
    ['tests', cases.length],
    ['failures', of('failed')],
    ['errors', of('error')],
  ];
}

function propertiesOf({ properties = [] }: JunitSuite): readonly string[] {
  if (properties.length === 0) return [];
  const lines = properties.map(
    ([name, value]) =>
      `      <property${attributes([
        ['name', name],
        ['value', value],
      ])}/>`,
  );
  return ['    <properties>', ...lines, '    </properties>'];
}

function caseLines(suite: string, { name, file, line, problem }: JunitCase): readonly string[] {
  const open = `    <testcase${attributes([
    ['classname', suite],
    ['name', name],
    ['file', file],
    ['line', line],
  ])}`;
  if (problem === undefined) return [`${open}/>`];
  const { kind, message, detail = message } = problem;
  const element = kind === 'failed' ? 'failure' : 'error';
  return [
    `${open}>`,
    `      <${element}${attributes([['message', message]])}>${escapeXml(detail)}</${element}>`,
    '    </testcase>',
  ];
}

function attributes(list: readonly Attribute[]): string {
  return list
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Keeps line breaks. After `sanitise`, only U+FFFE and U+FFFF remain that XML forbids. */
function escapeXml(text: string): string {
  return text
    .split('\n')
    .map(sanitise)
    .join('\n')
    .replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '')
    .replace(/[\ufffe\uffff]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
