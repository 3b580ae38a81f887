/** A user's own copy of Elastic's rules, which is not part of this project: it lies beside it, or the test is skipped. */

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'smol-toml';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { importElasticRule } from '../../src/rules/import/elastic.ts';
import { toRuleName } from '../../src/rules/rule-name.ts';
import { expectKind, expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/conformance/rules');
const skip = existsSync(FOLDER) ? false : `there is no copy of the rules in ${basename(FOLDER)} beside the project`;

/** Rules of these types over audit events load; whatever does not says why, with one of these. */
const COMPARED_TYPES: readonly unknown[] = ['query', 'new_terms', 'eql', 'esql'];
const NAMED_REASONS = ['type', 'language', 'data'];
/** Rules that join audit events with those of other sources. */
const OTHER_DATA = /^(?:execution_d4c_|credential_access_multi_could_)/;

/** Rules whose groups can meet a condition and then meet it no more. */
const PASSING = /^discovery_endpoint_permission_enumeration_/;

(skip ? test.skip : test)('every rule of Elastic’s has the verdict that it should', async () => {
  const { verdicts } = compileLoaded(await loadRuleFiles([FOLDER]), { key: same, full: same, name: same });
  for (const { name, type, verdict, why, file } of verdicts) {
    const rule = { name, type, verdict, why: why.join('; ') };
    if (OTHER_DATA.test(basename(file))) {
      expect(rule).toMatchObject({
        verdict: 'needs other data',
        why: expect.stringMatching(/^needs other data: logs-\S+/),
      });
    } else if (PASSING.test(basename(file))) {
      expect(rule).toMatchObject({
        verdict: 'runs with a stated difference',
        why: expect.stringMatching(/may become true and then false again as events arrive/),
      });
    } else if (verdict === 'runs with a stated difference') {
      expect(rule).toMatchObject({ type: 'new_terms', why: 'learns for 1d on each cluster before it alerts' });
    } else {
      expect(rule).toMatchObject({ verdict: 'runs', why: '' });
    }
  }
  expect(verdicts).toHaveLength((await readdir(FOLDER)).filter((name) => name.endsWith('.toml')).length);
});

const same = (text: string): string => text;

(skip ? test.skip : test)('every rule of Elastic’s loads unmodified or is refused by name', async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.toml'));
  expect(files.length).toBeGreaterThan(0);
  const { rules, problems } = await loadRuleFiles([FOLDER]);
  const loaded = new Set(rules.map(({ file }) => basename(file)));
  const refused = new Map(problems.map((problem) => [basename(problem.file), problem]));
  for (const file of files) {
    const problem = refused.get(file);
    expect(loaded.has(file)).not.toBe(problem !== undefined);
    if (problem === undefined) continue;
    const reasons = problem.unsupported ?? fail(formatFileProblem(problem));
    expect(NAMED_REASONS).toContain(reasons[0]?.kind ?? '');
    expectPresent(problem.place);
    expect(problem.place.line).toBeGreaterThan(1);
  }
});

(skip ? test.skip : test)('rules load with all that they say, from TOML and from an export alike', async () => {
  const { rules } = await loadRuleFiles([FOLDER]);
  const documents = new Map(rules.map(({ document }) => [document.name, document]));
  for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith('.toml'))) {
    const value: Readonly<Record<string, unknown>> = parse(await readFile(join(FOLDER, file), 'utf8'));
    const rule = Object(value.rule);
    if (!COMPARED_TYPES.includes(rule.type) || OTHER_DATA.test(file)) continue;
    const document = documents.get(toRuleName(basename(file, '.toml')) ?? '') ?? fail(`${file} did not load`);
    expect(document.type).toBe(rule.type);
    expect(document.query).toBe(rule.query);
    expect(document.id).toBe(rule.rule_id);
    expect(document.newTerms?.fields).toEqual(rule.new_terms?.value);
    expect(document.severity).toEqual(rule.severity);
    expect(document.riskScore).toEqual(rule.risk_score);
    expect(document.threat.length).toBeGreaterThan(0);
    expect(document.triage).not.toBe('');
    expect(document.tags.length).toBeGreaterThan(0);
    // The flat form of the NDJSON export says the same.
    const { new_terms: newTerms, ...settings } = rule;
    const flat = newTerms && {
      new_terms_fields: newTerms.value,
      history_window_start: newTerms.history_window_start[0].value,
    };
    const again = importElasticRule({ ...settings, ...flat }, { fileStem: basename(file, '.toml') });
    expectKind(again, 'document');
    expect(again.document).toEqual(document);
  }
});

(skip ? test.skip : test)('what loads compiles', async () => {
  const loaded = await loadRuleFiles([FOLDER]);
  const compiled = compileLoaded({ ...loaded, problems: [] }, { key: same, full: same, name: same });
  expect(compiled.problems.map(formatFileProblem)).toEqual([]);
  expect(compiled.ready).toHaveLength(loaded.rules.length);
});

(skip ? test.skip : test)('the place of a query in its file is exact', async () => {
  const { rules } = await loadRuleFiles([FOLDER]);
  for (const rule of rules) {
    const lines = (await readFile(rule.file, 'utf8')).split('\n');
    for (const [index, text] of rule.document.query.split('\n').entries()) {
      const problem = { message: 'm', line: index + 1, column: 1 };
      const { place } = rule.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
      const found = lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1);
      expect(found?.startsWith(text)).toBeTruthy();
    }
  }
});
