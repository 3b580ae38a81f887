/** A user's own copy of Elastic's rules, which is not part of this project: it lies beside it, or the test is skipped. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { importElasticRule } from '../../src/rules/import/elastic.ts';
import { toRuleName } from '../../src/rules/rule-name.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/conformance/rules');
const skip = existsSync(FOLDER) ? false : `there is no copy of the rules in ${basename(FOLDER)} beside the project`;

/** Rules of these types over audit events load; whatever does not says why, with one of these. */
const COMPARED_TYPES: readonly unknown[] = ['query', 'new_terms', 'eql', 'esql'];
const NAMED_REASONS = ['type', 'language', 'data'];
/** Rules that join audit events with those of other sources. */
const OTHER_DATA = /^(?:execution_d4c_|credential_access_multi_could_)/;

/** Rules whose groups can meet a condition and then meet it no more. */
const PASSING = /^discovery_endpoint_permission_enumeration_/;

test('every rule of Elastic’s has the verdict that it should', { skip }, async () => {
  const { verdicts } = compileLoaded(await loadRuleFiles([FOLDER]), { key: same, full: same, name: same });
  for (const { name, type, verdict, why, file } of verdicts) {
    const at = `${name} (${type}): ${verdict}: ${why.join('; ')}`;
    if (OTHER_DATA.test(basename(file))) {
      assert.equal(verdict, 'needs other data', at);
      assert.match(why[0] ?? '', /^needs other data: logs-\S+/, at);
    } else if (PASSING.test(basename(file))) {
      assert.equal(verdict, 'runs with a stated difference', at);
      assert.match(why.join(), /may hold after some events and no more after the next/, at);
    } else if (verdict === 'runs with a stated difference') {
      assert.deepEqual([type, why], ['new_terms', ['learns for 1d on each cluster before it alerts']], at);
    } else {
      assert.deepEqual([verdict, why], ['runs', []], at);
    }
  }
  assert.equal(verdicts.length, (await readdir(FOLDER)).filter((name) => name.endsWith('.toml')).length);
});

const same = (text: string): string => text;

test('every rule of Elastic’s loads unmodified or is refused by name', { skip }, async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.toml'));
  assert.ok(files.length > 0);
  const { rules, problems } = await loadRuleFiles([FOLDER]);
  const loaded = new Set(rules.map(({ file }) => basename(file)));
  const refused = new Map(problems.map((problem) => [basename(problem.file), problem]));
  for (const file of files) {
    const problem = refused.get(file);
    assert.notEqual(loaded.has(file), problem !== undefined, file);
    if (problem === undefined) continue;
    const reasons = problem.unsupported ?? assert.fail(formatFileProblem(problem));
    assert.ok(NAMED_REASONS.includes(reasons[0]?.kind ?? ''), formatFileProblem(problem));
    assert.ok(problem.place !== undefined && problem.place.line > 1, formatFileProblem(problem));
  }
});

test('rules load with all that they say, from TOML and from an export alike', { skip }, async () => {
  const { rules } = await loadRuleFiles([FOLDER]);
  const documents = new Map(rules.map(({ document }) => [document.name, document]));
  for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith('.toml'))) {
    const value: Readonly<Record<string, unknown>> = parse(await readFile(join(FOLDER, file), 'utf8'));
    const rule = Object(value.rule);
    if (!COMPARED_TYPES.includes(rule.type) || OTHER_DATA.test(file)) continue;
    const document = documents.get(toRuleName(basename(file, '.toml')) ?? '') ?? assert.fail(`${file} did not load`);
    assert.equal(document.type, rule.type);
    assert.equal(document.query, rule.query);
    assert.equal(document.id, rule.rule_id);
    assert.deepEqual(document.newTerms?.fields, rule.new_terms?.value);
    assert.deepEqual([document.severity, document.riskScore], [rule.severity, rule.risk_score]);
    assert.ok(document.threat.length > 0 && document.triage !== '' && document.tags.length > 0);
    // The flat form of the NDJSON export says the same.
    const { new_terms: newTerms, ...settings } = rule;
    const flat = newTerms && {
      new_terms_fields: newTerms.value,
      history_window_start: newTerms.history_window_start[0].value,
    };
    const again = importElasticRule({ ...settings, ...flat }, { fileStem: basename(file, '.toml') });
    assert.ok(again.kind === 'document');
    assert.deepEqual(again.document, document);
  }
});

test('what loads compiles', { skip }, async () => {
  const loaded = await loadRuleFiles([FOLDER]);
  const compiled = compileLoaded({ ...loaded, problems: [] }, { key: same, full: same, name: same });
  assert.deepEqual(compiled.problems.map(formatFileProblem), []);
  assert.equal(compiled.ready.length, loaded.rules.length);
});

test('the place of a query in its file is exact', { skip }, async () => {
  const { rules } = await loadRuleFiles([FOLDER]);
  for (const rule of rules) {
    const lines = (await readFile(rule.file, 'utf8')).split('\n');
    for (const [index, text] of rule.document.query.split('\n').entries()) {
      const problem = { message: 'm', line: index + 1, column: 1 };
      const { place } = rule.problem({ path: ['query'], message: 'm', inQuery: { source: '', problem } });
      const found = lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1);
      assert.ok(found?.startsWith(text), `${rule.file}: ${text}`);
    }
  }
});
