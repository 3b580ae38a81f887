import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { type RuleDocument, SEVERITIES, type Threat } from '../../src/rules/document.ts';
import { formatDuration } from '../../src/rules/duration.ts';
import { code, type Page, page, table } from './page.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'rules');

/** Tactics of MITRE ATT&CK in its order. */
const TACTICS = [
  'TA0043',
  'TA0001',
  'TA0002',
  'TA0003',
  'TA0004',
  'TA0005',
  'TA0006',
  'TA0007',
  'TA0008',
  'TA0009',
  'TA0011',
  'TA0040',
];

/** The rules of the pack, from their files. */
export function rulePackPage(): Page {
  const rules = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => readYamlRules(file, readFileSync(path.join(FOLDER, file), 'utf8')).rules)
    .map(({ document }) => document);
  const tactics = new Map(rules.flatMap(({ threat }) => threat.map(({ tactic }) => [tactic.id, tactic.name])));
  const inOrder = [...tactics].sort(([a], [b]) => TACTICS.indexOf(a) - TACTICS.indexOf(b));
  const counts = SEVERITIES.toReversed()
    .map((severity) => [rules.filter((rule) => rule.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}`);
  const firstSeen = rules.filter(({ newTerms }) => newTerms !== undefined).length;
  const tests = rules.reduce((sum, rule) => sum + rule.tests.length, 0);
  return page(
    'rule-pack',
    'The rule pack',
    `${rules.length} rules (${counts.join(', ')}) with ${tests} tests. ${firstSeen} of them alert on terms not seen before; [below](#what-they-remember) is whether they learn first. ` +
      'The comment at the head of each file lists what the rule does not see; false positives, triage and tests follow. `firstseen rules explain NAME` explains a rule in words. ' +
      'A rule sees only what the API server records: check with `firstseen audit-policy --check FILE`. To silence an alert, see [tuning](../guides/tuning.md); to write a rule, [rules](../guides/rules.md).',
    '## All rules',
    table(['rule', 'severity', 'type', 'alerts on'], rules.map(rowOf)),
    '## By tactic and technique of MITRE ATT&CK',
    table(
      ['tactic', 'technique', 'rules'],
      inOrder.flatMap(([id, name]) => techniquesOf(id, name, rules)),
    ),
    '## What they remember',
    table(
      ['rule', 'fields of a term', 'history window', 'learns first'],
      rules.flatMap(({ name, newTerms }) =>
        newTerms === undefined
          ? []
          : [
              [
                code(name),
                newTerms.fields.map(code).join(', '),
                formatDuration(newTerms.windowMicros),
                newTerms.learningMicros === 0 ? 'no' : formatDuration(newTerms.learningMicros),
              ],
            ],
      ),
    ),
  );
}

function rowOf({ name, severity, type, title }: RuleDocument): readonly string[] {
  return [`[${code(name)}](../../rules/${name}.yaml)`, severity, code(type), title];
}

/** A row a technique of the tactic; rules that name none stand in the first. */
function techniquesOf(id: string, tactic: string, rules: readonly RuleDocument[]): readonly (readonly string[])[] {
  const within = (rule: RuleDocument): readonly Threat[] => rule.threat.filter((threat) => threat.tactic.id === id);
  const techniques = new Map(
    rules.flatMap((rule) => within(rule).map(({ technique }) => [technique?.id ?? '', technique?.name ?? ''])),
  );
  return [...techniques]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([technique, name]) => [
      `${id} ${tactic}`,
      technique === '' ? '' : `${technique} ${name}`,
      rules
        .filter((rule) => within(rule).some((threat) => (threat.technique?.id ?? '') === technique))
        .map((rule) => code(rule.name))
        .join(', '),
    ]);
}
