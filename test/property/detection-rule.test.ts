/** A rule document, written as a resource and read again, is the same document: as plain values, and as YAML of either version. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatYamlRule } from '../../src/rulefiles/format-yaml-rule.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import {
  CONDITION_LANGUAGES,
  RULE_TYPES,
  type RuleDocument,
  SEVERITIES,
  VALUE_LIST_TYPES,
} from '../../src/rules/document.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/rules/limits.ts';
import { parseDetectionRule } from '../../src/rules/rule-schema.ts';
import { toDetectionRule } from '../../src/rules/to-detection-rule.ts';

/** What YAML might take for something else, or lose. */
const AWKWARD = [
  'yes',
  'on',
  'n',
  '~',
  'null',
  '0x1F',
  '010',
  '1:30',
  '1_000',
  '2027-01-31',
  '<<',
  '=',
  '- a',
  'a: b',
  'a #b',
  '#',
  '&a',
  '*a',
  '!a',
  '%a',
  '@a',
  '`a`',
  '"',
  "'",
  '{',
  '[',
  ' leading',
  'trailing ',
  '\ttab',
  'a\tb',
  'two\nlines',
  ' indented\n  more\n',
  '\nfirst is empty',
  'ends in many\n\n\n',
  'spaces at the end  \nof a line',
  'carriage\r\nreturn',
  '---\n...\n',
  'bell\u0007',
  'separator\u2028of lines',
  'next\u0085line\nand more',
  '\ufeffmark',
  'zero\u200bwidth',
  '\u202etfel ot thgir',
  'tag \u{e0041}',
  '🦀 emoji',
  'a text so long that it has to be folded, which is done between its words, wherever a line would be too long otherwise',
];
const text = fc.oneof(
  fc.constantFrom(...AWKWARD),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 200 }),
  fc.array(fc.constantFrom(...AWKWARD), { maxLength: 4 }).map((parts) => parts.join('\n')),
);
const filled = (most: number) => text.map((value) => value.slice(0, most)).filter((value) => value.trim() !== '');
const fields = (least: number, most: number) =>
  fc.uniqueArray(fc.oneof(fc.constantFrom('user.name', 'source.ip', 'event.action'), filled(256)), {
    minLength: least,
    maxLength: most,
  });
const duration = (least: number, most: number) =>
  fc.oneof(
    fc.constantFrom(...[least, SECOND, MINUTE, 5 * MINUTE, HOUR, 36 * HOUR, DAY, 7 * DAY].filter((at) => at >= least)),
    fc.integer({ min: least, max: most }),
  );
/** From the year 1970 to 9999, in whole milliseconds: what RFC 3339 and `Date` can say. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: 253_402_300_799_999 }).map((millis) => millis * 1_000),
  fc.integer({ min: 0, max: 36_500 }).map((days) => days * DAY),
);
const severity = fc.constantFrom(...SEVERITIES);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const listOf = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });
const event = fc.dictionary(filled(20), fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }), { maxKeys: 4 });

/** What no rule may name is refused: `rule-schema.test.ts`. */
const fieldName = filled(256).filter((name) => name !== '__proto__');

/** Without the prototypes that random values lack, as values from a text have them. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

const documents: fc.Arbitrary<RuleDocument> = fc
  .record({
    name: fc.constantFrom('a', 'exec-into-pod', 'yes', '0', '1e3', 'a.b-c'),
    title: filled(200),
    description: text,
    enabled: fc.boolean(),
    version: maybe(text.map((value) => value.slice(0, 64))),
    id: maybe(text.map((value) => value.slice(0, 128))),
    type: fc.constantFrom(...RULE_TYPES),
    language: fc.constantFrom(...CONDITION_LANGUAGES),
    query: filled(400),
    newTerms: fc.record(
      {
        fields: fields(1, 3),
        windowMicros: duration(MINUTE, 90 * DAY),
        normalize: fc.dictionary(fieldName, filled(32), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
        learningMicros: duration(0, 90 * DAY),
      },
      { requiredKeys: ['fields', 'windowMicros', 'learningMicros'] },
    ),
    threshold: fc.record({
      fields: fields(0, 5),
      value: fc.integer({ min: 1, max: 2_147_483_647 }),
      cardinality: listOf(fc.record({ field: filled(256), value: fc.integer({ min: 1, max: 100 }) })),
      windowMicros: duration(SECOND, 30 * DAY),
    }),
    windowMicros: maybe(duration(SECOND, 30 * DAY)),
    sequenceOrder: fc.constantFrom('time' as const, 'any' as const),
    severity,
    riskScore: fc.oneof(fc.constantFrom(21, 47, 73, 99), fc.integer({ min: 0, max: 100 })),
    severityMapping: listOf(
      fc.record({ field: filled(256), value: text.map((value) => value.slice(0, 256)), severity }),
    ),
    riskScoreMapping: listOf(
      fc.record(
        {
          field: filled(256),
          value: text.map((value) => value.slice(0, 256)),
          riskScore: fc.integer({ min: 0, max: 100 }),
        },
        { requiredKeys: ['field'] },
      ),
    ),
    ruleNameOverride: maybe(filled(256)),
    reason: maybe(filled(512)),
    buildingBlock: fc.boolean(),
    suppression: maybe(
      fc.record({
        by: fields(0, 3),
        windowMicros: duration(SECOND, 90 * DAY),
        missingFields: fc.constantFrom('suppress' as const, 'doNotSuppress' as const),
      }),
    ),
    budget: fc.record({ alertsPerHour: fc.oneof(fc.constant(20), fc.integer({ min: 1, max: 100_000 })) }),
    exceptions: listOf(
      fc
        .record(
          {
            query: filled(400),
            language: fc.constantFrom(...CONDITION_LANGUAGES),
            reason: filled(1_024),
            startsAt: moment,
            expiresAt: moment,
            lists: listOf(
              fc.record({
                field: filled(256),
                type: fc.constantFrom(...VALUE_LIST_TYPES),
                values: fc.array(text),
                excluded: fc.boolean(),
              }),
            ),
          },
          { requiredKeys: ['query', 'language', 'reason'] },
        )
        .filter(({ startsAt = 0, expiresAt = Number.POSITIVE_INFINITY }) => startsAt < expiresAt),
    ),
    threat: listOf(
      fc.record(
        {
          tactic: fc.record({ id: fc.constant('TA0001'), name: text.map((value) => value.slice(0, 128)) }),
          technique: fc.record({
            id: fc.constantFrom('T1078', 'T1078.001'),
            name: text.map((value) => value.slice(0, 128)),
          }),
        },
        { requiredKeys: ['tactic'] },
      ),
    ),
    references: listOf(filled(400)),
    falsePositives: listOf(filled(400)),
    triage: text,
    tags: listOf(filled(128)),
    tests: listOf(
      fc.record({
        name: filled(200),
        events: fc.array(event, { minLength: 1, maxLength: 3 }),
        expect: fc.constantFrom('match' as const, 'fire' as const, 'silent' as const),
      }),
    ),
  })
  .map(({ newTerms, threshold, windowMicros, version, id, ruleNameOverride, reason, suppression, ...rest }) => {
    const { type } = rest;
    return {
      ...rest,
      language: type === 'eql' || type === 'esql' ? type : rest.language,
      sequenceOrder: type === 'eql' ? rest.sequenceOrder : ('time' as const),
      ...(version !== undefined && { version }),
      ...(id !== undefined && { id }),
      ...(type === 'new_terms' && { newTerms }),
      ...(type === 'threshold' && { threshold }),
      ...((type === 'eql' || type === 'esql') && windowMicros !== undefined && { windowMicros }),
      ...(ruleNameOverride !== undefined && { ruleNameOverride }),
      ...(reason !== undefined && { reason }),
      ...(suppression !== undefined && { suppression }),
    };
  })
  .map(plain);

function assertSame(document: RuleDocument): void {
  const resource = toDetectionRule(document);
  const parsed = parseDetectionRule(resource);
  expect(parsed).toEqual({ kind: 'ok', document }); // as plain values
  const yaml = formatYamlRule(document);
  const read = readYamlRules('a.yaml', yaml);
  expect([read.problems.map(({ message }) => message), read.rules.map((rule) => rule.document)]).toEqual([
    [],
    [plain(document)],
  ]);
  expect(plain(parse(yaml, { version: '1.1' }))).toEqual(plain(resource));
}

test('random documents', () => {
  fc.assert(fc.property(documents, assertSame), { numRuns: 1_000 });
});

const KIT = join(import.meta.dirname, '../../../shared/conformance/rules');
for (const [title, folder] of [
  ['the rules of the pack', join(import.meta.dirname, '../../rules')],
  ['the rules of the vectors', join(import.meta.dirname, '../conformance/vectors/rules')],
  ['the rules of the guide, Sigma’s among them', join(import.meta.dirname, '../../docs/guides/example-rules')],
  ['rules of Elastic’s that lie beside the project', KIT],
] as const) {
  (existsSync(folder) ? test : test.skip)(title, async () => {
    const { rules } = await loadRuleFiles([folder]);
    expect(rules.length).toBeGreaterThan(1);
    for (const { document } of rules) assertSame(document);
  });
}
