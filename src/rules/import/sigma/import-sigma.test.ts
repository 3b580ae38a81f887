import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { sha256Hashes } from '../../../ingest/hashes.ts';
import { createFieldSlots } from '../../../query/match/slots.ts';
import { compileRule } from '../../compile-rule.ts';
import { importSigma, type SigmaImport } from './import-sigma.ts';
import type { SigmaValues } from './sigma-document.ts';

const SOURCE = { product: 'kubernetes', service: 'audit' };

function imported(rule: SigmaValues): SigmaImport {
  const [result] = importSigma([{ value: { title: 'A rule', level: 'high', logsource: SOURCE, ...rule } }]);
  return result ?? fail('no result');
}

function documentOf(rule: SigmaValues): Extract<SigmaImport, { readonly kind: 'document' }> {
  const result = imported(rule);
  return result.kind === 'document' ? result : fail(JSON.stringify(result));
}

/** The condition of the query that a selection becomes, without what stands before it. */
function conditionOf(selection: unknown): string {
  return documentOf({ detection: { selection, condition: 'selection' } }).document.query.replace(/^any where\s+/, '');
}

function problemsOf(rule: SigmaValues): readonly string[] {
  const result = imported(rule);
  if (result.kind !== 'invalid') return fail(JSON.stringify(result));
  return result.problems.map(({ path, message, hint, within }) =>
    [`${path.join('.')}${within === undefined ? '' : `:${within.line}:${within.column}`}: ${message}`, hint]
      .filter((part) => part !== undefined)
      .join(' | '),
  );
}

function reasonsOf(rule: SigmaValues): readonly string[] {
  const result = imported(rule);
  if (result.kind !== 'unsupported') return fail(JSON.stringify(result));
  return result.reasons.map(
    ({ kind, name, path, within, message }) =>
      `${kind} ${name} ${path.join('.')}${within === undefined ? '' : `:${within.line}:${within.column}`}: ${message}`,
  );
}

const selected = (selection: unknown): SigmaValues => ({ detection: { selection, condition: 'selection' } });

test('a rule becomes a DetectionRule whose query is EQL', () => {
  const { document, notes } = documentOf({
    title: 'Shell in a pod',
    id: '2f1c8a04-0000-4000-8000-000000000001',
    status: 'test',
    description: 'Somebody opens a shell.\n',
    author: 'A. Nonymous',
    date: '2026-01-31',
    references: ['https://example.com/a'],
    tags: ['attack.execution', 'attack.t1609', 'cve.2026-1'],
    falsepositives: 'Debugging',
    level: 'critical',
    detection: {
      selection: { verb: ['create', 'get'], 'objectRef.resource': 'pods', 'objectRef.subresource': 'exec' },
      condition: 'selection',
    },
  });
  const { name, title, id, type, language, enabled, severity, riskScore, description } = document;
  expect({ name, title, id, type, language, enabled, severity, riskScore, description }).toEqual({
    name: 'shell-in-a-pod',
    title: 'Shell in a pod',
    id: '2f1c8a04-0000-4000-8000-000000000001',
    type: 'eql',
    language: 'eql',
    enabled: true,
    severity: 'critical',
    riskScore: 99,
    description: 'Somebody opens a shell.',
  });
  expect(document.query).toBe(
    [
      'any where',
      '  kubernetes.audit.verb : ("create", "get") and',
      '  kubernetes.audit.objectRef.resource : "pods" and',
      '  kubernetes.audit.objectRef.subresource : "exec"',
    ].join('\n'),
  );
  expect(document.threat).toEqual([
    {
      tactic: { id: 'TA0002', name: 'Execution' },
      technique: { id: 'T1609', name: 'Container Administration Command' },
    },
  ]);
  expect([document.tags, document.references, document.falsePositives]).toEqual([
    ['cve.2026-1'],
    ['https://example.com/a'],
    ['Debugging'],
  ]);
  expect(document.triage).toBe('A Sigma rule.\nAuthor: A. Nonymous\nDate: 2026-01-31\nStatus: test');
  expect(notes).toEqual([]);
});

test.each<readonly [unknown, string]>([
  [{ verb: 'get' }, 'kubernetes.audit.verb : "get"'],
  [{ verb: ['get', 'li*'] }, 'kubernetes.audit.verb : ("get", "li*")'],
  [{ 'verb|startswith': 'li' }, 'kubernetes.audit.verb : "li*"'],
  [{ 'verb|endswith': 'st' }, 'kubernetes.audit.verb : "*st"'],
  [{ 'verb|contains': ['is', '?e'] }, 'kubernetes.audit.verb : ("*is*", "*?e*")'],
  [
    { 'userAgent|contains|all': ['a', 'b'] },
    'kubernetes.audit.userAgent : "*a*" and kubernetes.audit.userAgent : "*b*"',
  ],
  [{ userAgent: 'a"b\\c\td' }, 'kubernetes.audit.userAgent : "a\\"b\\\\c\\td"'],
  [{ 'verb|cased': 'Get' }, 'kubernetes.audit.verb == "Get"'],
  [{ 'verb|cased': ['Get', 'List'] }, 'kubernetes.audit.verb in ("Get", "List")'],
  [{ 'verb|cased|startswith': 'Li' }, 'kubernetes.audit.verb like "Li*"'],
  [{ 'verb|neq': ['get', 'list'] }, 'not kubernetes.audit.verb : ("get", "list")'],
  [
    { 'annotations.authorization.k8s.io/decision': 'allow' },
    '`kubernetes.audit.annotations.authorization.k8s.io/decision` : "allow"',
  ],
  [{ 'user.name': 'alice' }, 'user.name : "alice"'],
  [{ 'kubernetes.audit.verb': 'get' }, 'kubernetes.audit.verb : "get"'],
  [{ 'requestObject.spec.hostNetwork': true }, 'kubernetes.audit.requestObject.spec.hostNetwork == true'],
  [{ 'requestObject.spec.x': true }, 'kubernetes.audit.requestObject.spec.x : "true"'],
])('texts are compared without letter case, with wildcards: %s', (selection, expected) => {
  expect(conditionOf(selection)).toBe(expected);
});

test('an asterisk or a question mark that is part of the text is no wildcard of EQL', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ userAgent: 'a\\*b' }, 'kubernetes.audit.userAgent in~ ("a*b")'],
    [{ 'userAgent|cased': 'a\\*b' }, 'kubernetes.audit.userAgent in ("a*b")'],
    [{ 'userAgent|startswith': 'a\\?' }, 'startsWith~(kubernetes.audit.userAgent, "a?")'],
    [{ 'userAgent|endswith|cased': '\\*' }, 'endsWith(kubernetes.audit.userAgent, "*")'],
    [{ 'userAgent|contains': '\\*' }, 'stringContains~(kubernetes.audit.userAgent, "*")'],
    [{ userAgent: 'a\\*?b.*' }, 'kubernetes.audit.userAgent regex~ """a\\*.b\\..*"""'],
  ];
  for (const [selection, expected] of cases) expect(conditionOf(selection)).toBe(expected);
  expect(conditionOf({ userAgent: ['a', 'b\\*'] })).toBe(
    'kubernetes.audit.userAgent : "a" or kubernetes.audit.userAgent in~ ("b*")',
  );
  expect(conditionOf({ userAgent: ['a\\*?', '?\\?'] })).toBe(
    'kubernetes.audit.userAgent regex~ ("""a\\*.""", """.\\?""")',
  );
  expect(conditionOf({ userAgent: ['a', 'b\\*'], verb: 'get' })).toBe(
    [
      '',
      '(kubernetes.audit.userAgent : "a" or kubernetes.audit.userAgent in~ ("b*")) and',
      'kubernetes.audit.verb : "get"',
    ]
      .join('\n  ')
      .trim(),
  );
});

test.each<readonly [unknown, string]>([
  [{ 'user.username': null }, 'kubernetes.audit.user.username == null'],
  [{ 'user.username': '' }, 'kubernetes.audit.user.username == null'],
  [{ 'user.username': '*' }, 'kubernetes.audit.user.username != null'],
  [{ 'user.username|contains': '' }, 'kubernetes.audit.user.username != null'],
  [{ 'user.username|exists': true }, 'kubernetes.audit.user.username != null'],
  [{ 'user.username|exists': false }, 'kubernetes.audit.user.username == null'],
  [{ 'user.username': ['a', null] }, 'kubernetes.audit.user.username : "a" or kubernetes.audit.user.username == null'],
  [{ 'responseStatus.code': 403 }, 'kubernetes.audit.responseStatus.code == 403'],
  [{ 'responseStatus.code': [401, '403'] }, 'kubernetes.audit.responseStatus.code in (401, 403)'],
  [{ 'responseStatus.code': '4*' }, 'string(kubernetes.audit.responseStatus.code) : "4*"'],
  [{ 'responseStatus.code|gte': 400 }, 'kubernetes.audit.responseStatus.code >= 400'],
  [{ 'requestObject.spec.replicas|lt': 2 }, 'number(string(kubernetes.audit.requestObject.spec.replicas)) < 2'],
  [{ 'sourceIPs|cidr': '10.0.0.0/8' }, 'cidrMatch(source.ip, "10.0.0.0/8")'],
  [{ 'source.ip|cidr': ['10.0.0.0/8', 'fd00::/8'] }, 'cidrMatch(source.ip, "10.0.0.0/8", "fd00::/8")'],
  [{ sourceIPs: '10.0.0.1' }, 'kubernetes.audit.sourceIPs : "10.0.0.1"'],
])('absence, existence, numbers, addresses: %s', (selection, expected) => {
  expect(conditionOf(selection)).toBe(expected);
});

test('a regular expression is searched for, as RE2 does', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ 'requestURI|re': '^/api/v\\d+/(a|b)' }, 'matchesRe2(kubernetes.audit.requestURI, """^/api/v\\d+/(a|b)""")'],
    [{ 'requestURI|re|i|s': 'A.b' }, 'matchesRe2(kubernetes.audit.requestURI, """(?is)A.b""")'],
    [{ 'requestURI|re': ['a', 'b'] }, 'matchesRe2(kubernetes.audit.requestURI, """a""", """b""")'],
    [
      { 'requestURI|re|all': ['a', 'b'] },
      ['', 'matchesRe2(kubernetes.audit.requestURI, """a""") and', 'matchesRe2(kubernetes.audit.requestURI, """b""")']
        .join('\n  ')
        .trim(),
    ],
    [{ 'requestURI|re': 'say "x"' }, 'matchesRe2(kubernetes.audit.requestURI, "say \\"x\\"")'],
  ];
  for (const [selection, expected] of cases) expect(conditionOf(selection)).toBe(expected);
  const re = (source: string): readonly string[] => reasonsOf(selected({ 'requestURI|re': source }));
  expect(re('ab(?!c)')).toEqual([
    'construct negative lookahead detection.selection.requestURI|re:1:3: negative lookahead cannot be matched in linear time, so it is not supported',
  ]);
  for (const [source, name] of [
    ['(?<=a)b', 'lookbehind'],
    ['(a)\\1', 'a backreference'],
    ['a++', 'a possessive quantifier'],
    ['(?>a)', 'an atomic group'],
  ] as const) {
    expect(re(source)[0] ?? '').toMatch(new RegExp(`^construct ${name} `));
  }
  expect(conditionOf({ 'requestURI|re': '[(?=]\\(?=' })).toBe(
    'matchesRe2(kubernetes.audit.requestURI, """[(?=]\\(?=""")',
  );
});

test('keywords are searched in the whole event, as they stand in JSON', () => {
  expect(conditionOf(['nsenter', 'a"b'])).toBe('event.original : ("*nsenter*", "*a\\\\\\"b*")');
  expect(conditionOf('nsenter')).toBe('event.original : "*nsenter*"');
  expect(conditionOf({ '|all': ['a', 'b'] })).toBe('event.original : "*a*" and event.original : "*b*"');
  expect(documentOf(selected(['nsenter'])).notes).toEqual([
    'keywords are searched in the whole event as JSON text (event.original)',
  ]);
});

test('a map asks for all of it, a list for one of its items', () => {
  expect(conditionOf([{ verb: 'get', level: 'Request' }, { verb: 'list' }])).toBe(
    [
      '(kubernetes.audit.verb : "get" and kubernetes.audit.level : "Request") or',
      'kubernetes.audit.verb : "list"',
    ].join('\n  '),
  );
});

test('modifiers: unknown, refused, in a bad company, with values of the wrong sort', () => {
  expect(problemsOf(selected({ 'verb|contain': 'a' }))).toEqual([
    'detection.selection.verb|contain: unknown modifier contain | did you mean contains?',
  ]);
  expect(problemsOf(selected({ 'verb|i': 'a' }))).toEqual([
    'detection.selection.verb|i: the modifier i needs re | write re|i',
  ]);
  expect(problemsOf(selected({ 'verb|re|contains': 'a', 'verb|lt|gt': 1 }))).toEqual([
    'detection.selection.verb|re|contains: the modifiers re and contains exclude each other',
    'detection.selection.verb|lt|gt: the modifiers lt and gt exclude each other',
  ]);
  expect(
    problemsOf(
      selected({ 'verb|exists': 'yes', 'sourceIPs|cidr': '300.0.0.0/8', 'verb|gt': 'b', level: [], stage: {} }),
    ),
  ).toEqual([
    'detection.selection.verb|exists: expected true or false, found "yes"',
    'detection.selection.sourceIPs|cidr: expected a range such as 10.0.0.0/8, found "300.0.0.0/8"',
    'detection.selection.verb|gt: expected a number, found "b"',
    'detection.selection.level: expected at least one value, found an empty list',
    'detection.selection.stage: expected a text, a number, true, false or null, found a mapping',
  ]);
  expect(reasonsOf(selected({ 'userAgent|cidr': '10.0.0.0/8' }))).toEqual([
    'construct cidr detection.selection.userAgent|cidr: cidr needs a field with addresses, such as sourceIPs; userAgent has none',
  ]);
  expect(problemsOf(selected({ 'requestURI|re': 'a(b' }))).toEqual([
    'detection.selection.requestURI|re:1:1: missing closing )',
  ]);
});

test.each(['base64', 'windash', 'fieldref', 'expand', 'hour'])(
  'modifiers: unknown, refused, in a bad company, with values of the wrong sort: %s',
  (name) => {
    expect(reasonsOf(selected({ [`verb|${name}`]: 'a' }))[0] ?? '').toMatch(
      new RegExp(`^construct ${name} detection\\.selection\\.verb\\|${name}: the modifier ${name} is not supported: `),
    );
  },
);

test('other data is named', () => {
  expect(reasonsOf({ logsource: { category: 'process_creation', product: 'linux' }, detection: {} })).toEqual([
    'data category process_creation, product linux logsource: needs other data: category process_creation, product linux; firstseen has Kubernetes audit events only',
  ]);
  expect(problemsOf({ logsource: undefined, detection: { a: 'b', condition: 'a' } })).toEqual([
    'logsource: missing: logsource | write product: kubernetes, service: audit',
  ]);
  expect(documentOf({ ...selected({ verb: 'get' }), logsource: { product: 'kubernetes' } }).notes).toEqual([
    'the log source has no service; audit events are assumed',
  ]);
});

test('levels and states', () => {
  const rule = selected({ verb: 'get' });
  const informational = documentOf({ ...rule, level: 'informational' });
  expect([
    informational.document.severity,
    informational.document.riskScore,
    informational.document.buildingBlock,
  ]).toEqual(['low', 1, true]);
  expect(informational.notes.join()).toMatch(/informational/);
  expect(documentOf({ ...rule, level: undefined }).notes).toEqual(['it has no level; low is assumed']);
  const deprecated = documentOf({ ...rule, status: 'deprecated' });
  expect([deprecated.document.enabled, deprecated.notes]).toEqual([
    false,
    ['its status is deprecated, so it is disabled'],
  ]);
  expect(problemsOf({ ...rule, level: 'hihg', status: 'stabel' })).toEqual([
    'status: expected one of stable, test, experimental, deprecated, unsupported, found "stabel" | did you mean stable?',
    'level: expected one of informational, low, medium, high, critical, found "hihg" | did you mean high?',
  ]);
});

test('what is not applied is said', () => {
  const { notes } = documentOf({
    ...selected({ verb: 'get' }),
    scope: ['server'],
    logsource: { ...SOURCE, extra: 1 },
    title: 'x'.repeat(250),
    detection: { selection: { verb: 'get' }, other: { verb: 'list' }, condition: 'selection' },
  });
  expect(notes).toEqual([
    'logsource.extra is ignored',
    'the condition does not use the detection other',
    'scope is ignored',
    'its title is cut after 200 characters',
  ]);
});

test('where another set of events matches than Sigma says, it is a difference', () => {
  const { differences, notes } = documentOf(selected({ 'user.username': '', userAgent: ['café', 'x'], verb: '日本' }));
  expect(differences).toEqual([
    "an empty text counts as absent, so user.username: '' matches events without it too",
    'userAgent: non-ASCII letters are case-sensitive',
  ]);
  expect(notes).toEqual([]);
  expect(documentOf(selected({ 'userAgent|cased': 'café' })).differences).toEqual([]);
});

test('documents without an equal are refused by name', () => {
  expect(reasonsOf({ action: 'global' })[0] ?? '').toMatch(/^construct action action: /);
  expect(reasonsOf({ detection: { timeframe: '1m', a: 'b', condition: 'a' } })[0] ?? '').toMatch(
    /^construct timeframe detection\.timeframe: /,
  );
  expect(reasonsOf({ ...selected({ verb: 'get' }), taxonomy: 'mine' })[0] ?? '').toMatch(
    /^construct taxonomy taxonomy: /,
  );
});

test('a rule is named after its file if it is alone there, else after itself', () => {
  const rule = (title: string, more: SigmaValues = {}): SigmaValues => ({
    title,
    logsource: SOURCE,
    ...selected({ verb: 'get' }),
    ...more,
  });
  const names = importSigma([
    { value: rule('One'), file: 'a', fileStem: 'k8s_one' },
    { value: rule('Two'), file: 'b', fileStem: 'k8s_more' },
    { value: rule('Three', { name: 'number_three' }), file: 'b', fileStem: 'k8s_more' },
  ]).map((result) => (result.kind === 'document' ? result.document.name : result.kind));
  expect(names).toEqual(['k8s-one', 'two', 'number-three']);
});

test('what is no rule at all is said at its place', () => {
  expect(problemsOf({ title: '', detection: { a: [], b: {}, c: 1, condition: ['c', 7] } })).toEqual([
    'detection.a: expected at least one item, found an empty list',
    'detection.b: expected a field with a value, found none',
    'detection.condition.1: expected a condition, found 7 | write condition: selection',
    'title: expected a title, found ""',
  ]);
  expect(problemsOf({ detection: 'x' })).toEqual(['detection: expected detections, found "x"']);
  expect(problemsOf({ ...selected({ verb: 'get' }), title: undefined })).toEqual([': missing: title']);
  expect(problemsOf({ ...selected({ verb: 'get' }), title: 7 })).toEqual(['title: expected a title, found 7']);
  expect(problemsOf({ detection: { a: 'x' } })).toEqual([
    'detection.condition: missing: condition | write condition: selection',
  ]);
});

test('a selection that stands in a condition again counts again: a rule with more regular expressions than a query holds is refused', () => {
  const problems = (times: number) => {
    const condition = Array.from({ length: times }, () => 'selection').join(' and ');
    const { document } = documentOf({ detection: { selection: { verb: '\\*?' }, condition } });
    const result = compileRule(document, createFieldSlots(), sha256Hashes);
    return result.kind === 'ok' ? [] : result.problems.map(({ message }) => message);
  };
  expect(problems(20)).toEqual([]);
  expect(problems(21)).toEqual(['the query has more than 20 conditions with regular expressions']);
});
