import { expect } from '@jest/globals';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { RULE_FILE_EXTENSIONS } from '../../src/rulefiles/find-rule-files.ts';
import { readRules } from '../../src/rulefiles/load.ts';
import { expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const YAML = `apiVersion: firstseen.dev/v1alpha1
kind: DetectionRule
metadata: { name: a-rule }
spec:
  title: A rule
  type: new_terms
  severity: low
  newTerms: { fields: [user.name], window: 7d }
  query: |
    event.action: create and
      user.name: alice
  tests:
    - { name: one, expect: fire, event: &event { verb: get } }
    - { name: two, expect: silent, events: [*event, *event] }
`;

const TOML = `[rule]
name = "Pods Deleted"
rule_id = "one"
type = "new_terms"
index = ["logs-kubernetes.audit_logs-*"]
severity = "high"
query = '''
kubernetes.audit.verb: delete
'''
[rule.new_terms]
value = ["user.name"]
[[rule.new_terms.history_window_start]]
value = "now-7d"
[[rule.threat]]
[rule.threat.tactic]
id = "TA0001"
`;

const NDJSON = `{"rule_id":"one","name":"Pods Deleted","type":"query","severity":"low","query":"kubernetes.audit.verb:*"}
{"exported_count":1}
`;

/** With all that an export may hold beside its rules. */
const EXPORT = [
  {
    rule_id: 'two',
    name: 'Two',
    type: 'threshold',
    severity: 'low',
    query: 'kubernetes.audit.verb: get',
    threshold: { field: ['user.name'], value: 3, cardinality: [{ field: 'source.ip', value: 2 }] },
    filters: [
      { meta: { negate: true }, query: { bool: { should: [{ match_phrase: { 'user.name': 'a' } }] } } },
      { meta: { type: 'combined', relation: 'OR', params: [{ query: { range: { '@timestamp': { gte: '2026' } } } }] } },
    ],
    exceptions_list: [{ list_id: 'l', type: 'detection', namespace_type: 'single' }],
    severity_mapping: [{ field: 'user.name', operator: 'equals', value: 'a', severity: 'high' }],
    risk_score_mapping: [{ field: 'user.name', operator: 'equals', value: '' }],
    alert_suppression: { duration: { value: 1, unit: 'h' } },
  },
  { list_id: 'l', type: 'detection', namespace_type: 'single' },
  {
    item_id: 'i',
    list_id: 'l',
    namespace_type: 'single',
    name: 'An item',
    comments: [{ comment: 'why' }],
    expire_time: '2027-01-31T00:00:00.000Z',
    entries: [
      { field: 'user.name', type: 'match_any', operator: 'excluded', value: ['a', 'b'] },
      { field: 'user.name', type: 'wildcard', operator: 'included', value: 'a*\\??' },
      { field: 'source.ip', type: 'list', operator: 'included', list: { id: 'v', type: 'ip_range' } },
      { field: 'a', type: 'nested', entries: [{ field: 'b', type: 'exists', operator: 'included' }] },
    ],
  },
  { id: 'c', type: 'action', attributes: {} },
  { exported_count: 1 },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** What parsers trip over: structure, anchors, tags, quotes, prototypes, odd characters, numbers, times. */
const FRAGMENTS = [
  ...[
    '\n',
    '\r\n',
    '\r',
    '  ',
    '\t',
    ': ',
    '- ',
    '? ',
    '#',
    ',',
    '[',
    ']',
    '{',
    '}',
    '[[',
    ']]',
    '=',
    '.',
    '|',
    '>-',
    '|9',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 9.9\n',
    '&a ',
    '*a',
    '*b',
    '<<: *a',
    '!!binary ',
    '!<x> ',
    '!!set {a}',
    '~',
    'null',
    '.nan',
  ],
  ...[
    '"',
    "'",
    '"""',
    "'''",
    '\\',
    '\\u',
    '\\x1b',
    '\u0000',
    '\u001b[2J',
    '\u202e',
    '\ud800',
    '\ufeff',
    '\u2028',
    '😀',
  ],
  ...['"filters":[', '"entries":[', '"field":', '"operator":"excluded"', '"query":{"bool":{', '"type":"nested",'],
  ...['__proto__', 'constructor', 'toString', 'spec', 'rule', 'new_terms', 'tests: ', 'query: ', 'type: ', 'expires: '],
  ...['0x', '1e999', '-0', '9007199254740993', '1979-05-27T07:32:00Z', '2027-02-30', 'true', '7d', 'now-7d', 'TA0001'],
];

function fragment(random: Random): string {
  const text = FRAGMENTS[random.below(FRAGMENTS.length)] ?? '';
  return random.chance(0.02) ? text.repeat(1 + random.below(3_000)) : text;
}

/** The extension, then a newline, then a sound file with a few wounds or fragments alone. */
function hostileFile(random: Random): string {
  const extension = random.pick(RULE_FILE_EXTENSIONS);
  if (random.chance(0.2)) {
    return `${extension}\n${Array.from({ length: random.below(60) }, () => fragment(random)).join('')}`;
  }
  let text = random.pick([YAML, TOML, NDJSON, EXPORT]);
  for (let wounds = random.below(6); wounds > 0; wounds -= 1) {
    const from = random.below(text.length + 1);
    const to = random.chance(0.5) ? from : from + random.below(30);
    text = text.slice(0, from) + (random.chance(0.8) ? fragment(random) : text.slice(to, to + 40)) + text.slice(to);
  }
  return `${extension}\n${text}`;
}

function checkFile(input: string): void {
  const [name = ''] = input.split('\n', 1);
  const source = input.slice(name.length + 1);
  const extension = RULE_FILE_EXTENSIONS.find((known) => known === name) ?? '.yaml';
  const { rules, problems } = readRules(`fuzz${extension}`, extension, source);
  const lines = source.split(/\r?\n/);
  const places = [
    ...problems.map(({ place }) => place ?? fail('a problem without a place')),
    ...rules.flatMap((rule) => [rule.place(['spec', 'query']), rule.place(['spec', 'tests', 0, 'event', 'x'])]),
  ];
  for (const { line, column } of places) {
    const text = lines[line - 1];
    expectPresent(text);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(text.length + 1);
  }
  for (const problem of problems) {
    expect(formatFileProblem(problem).replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  }
}

/** A rule file of any content never throws, and whatever is wrong with it has a place inside the text and can be shown. */
export const rulefileTarget: FuzzTarget = {
  name: 'rulefile',
  generate: hostileFile,
  check: checkFile,
  timeLimitMs: 2_000,
};
