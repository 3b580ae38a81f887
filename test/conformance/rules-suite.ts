import { existsSync, readFileSync } from 'node:fs';
import { basename, join, parse } from 'node:path';
import { decodeEvent } from '../../src/audit/decode.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { type CompiledRules, compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { type RuleOutcome, runRules } from './run-rules.ts';
import type { SuiteResult } from './suite.ts';

/** The form of `expected.json`, by `rule_id`. */
export interface ExpectedRule {
  /** Of the rule, below `rules/`, with or without its extension. */
  readonly file: string;
  readonly type: string;
  /**
   * The audit IDs of the events that the query selects, in any order; of a sequence: those of the sequences that it
   * finds; with STATS: those of the groups that fire.
   */
  readonly matches: readonly string[];
  /** The audit IDs at which an alert is raised, in order, with an empty state at the start. */
  readonly fires?: readonly string[];
  /** Of a sequence: for each alert, the audit IDs of its events in order. */
  readonly sequences?: readonly (readonly string[])[];
}

export interface RuleCase {
  readonly id: string;
  readonly file: string;
  readonly type: string;
  /** False for a rule that the engine refuses on purpose. */
  readonly supported: boolean;
  /** What was expected and what came; undefined if the rule passes. */
  readonly failure: string | undefined;
}

/** Later than every event of a kit, so that none is from the future. */
const RECEIVED_AT = Date.UTC(2100, 0, 1) * 1_000;

const SHOWN = 5;

/** `rules/`, `events.jsonl` and `expected.json`: the events that each rule selects, and those at which it fires. */
export async function runRulesSuite(folder: string): Promise<SuiteResult | undefined> {
  const cases = await checkRules(folder);
  if (cases === undefined) return undefined;
  const failed = cases.filter(({ failure }) => failure !== undefined);
  const refused = failed.filter(({ supported }) => !supported).length;
  const result = {
    name: 'rules',
    passed: cases.length - failed.length,
    failures: failed.map(({ failure }) => failure ?? ''),
  };
  return refused === 0 ? result : { ...result, note: `${refused} of the failed are refused on purpose` };
}

/** One case for each rule of `expected.json`; undefined if the folder is not of this form. */
export async function checkRules(folder: string): Promise<readonly RuleCase[] | undefined> {
  const [rules, events, expected] = ['rules', 'events.jsonl', 'expected.json'].map((name) => join(folder, name));
  if (!rules || !events || !expected || ![rules, events, expected].every((path) => existsSync(path))) return undefined;
  const byId: Readonly<Record<string, ExpectedRule>> = JSON.parse(readFileSync(expected, 'utf8'));
  const compiled = compileLoaded(await loadRuleFiles([rules]), sha256Hashes);
  const outcomes = await runRules(compiled, readEvents(events));
  return Object.entries(byId).map(([id, rule]) => {
    const outcome = outcomes.get(id);
    const { wrong, supported = true } = outcome === undefined ? refusal(compiled, id, rule) : compare(rule, outcome);
    return {
      id,
      file: rule.file,
      type: rule.type,
      supported,
      failure: wrong === undefined ? undefined : `${rule.file} (${rule.type}, ${id})\n${wrong}`,
    };
  });
}

interface Verdict {
  /** Undefined if the rule passes. */
  readonly wrong?: string;
  readonly supported?: boolean;
}

function readEvents(file: string): readonly DecodedEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, ordinal) => {
    if (line.trim() === '') return [];
    const event = decodeEvent(JSON.parse(line), ordinal, RECEIVED_AT);
    if ('reason' in event) throw new Error(`${file}:${ordinal + 1}: ${event.reason}`);
    return [event];
  });
}

function compare({ matches, fires, sequences }: ExpectedRule, outcome: RuleOutcome): Verdict {
  const wrong = outcome.faults.map((fault) => `  broke on ${fault}`);
  const lacking = matches.filter((id) => !outcome.matches.has(id));
  const surplus = [...outcome.matches].filter((id) => !matches.includes(id));
  if (lacking.length > 0) wrong.push(`  expected to match, and did not: ${list(lacking)}`);
  if (surplus.length > 0) wrong.push(`  expected not to match, and did: ${list(surplus)}`);
  if (fires !== undefined && list(fires) !== list(outcome.fires)) {
    wrong.push(`  expected to fire at: ${list(fires)}`, `  fired at:            ${list(outcome.fires)}`);
  }
  const [expected, came] = [sequences ?? [], outcome.evidence].map((each) => each.map(list).join(', '));
  if (sequences !== undefined && expected !== came) {
    wrong.push(`  expected the sequences: ${expected}`, `  found:                  ${came}`);
  }
  return wrong.length === 0 ? {} : { wrong: wrong.join('\n') };
}

/** Why a rule did not run. One that is never to fire passes if it says that it needs data which audit events do not have. */
function refusal(
  { problems, disabled }: CompiledRules,
  id: string,
  { file, matches, fires = [] }: ExpectedRule,
): Verdict {
  const found = problems.filter((problem) => parse(problem.file).name === file || basename(problem.file) === file);
  if (
    matches.length + fires.length === 0 &&
    found.some(({ unsupported }) => unsupported?.some(({ kind }) => kind === 'data'))
  )
    return {};
  const reasons = found.map(formatFileProblem);
  if (disabled.some(({ loaded }) => loaded.document.id === id)) reasons.push('the rule is switched off');
  if (reasons.length === 0) reasons.push('no file under rules/ has a rule of this id');
  const fired = fires.length === 0 ? '' : `, to fire at: ${some(fires)}`;
  return {
    wrong: `  expected to match: ${some(matches)}${fired}\n  did not run: ${reasons.join('\n')}`,
    supported: found.length === 0 || found.some(({ unsupported }) => unsupported === undefined),
  };
}

/** The first of them, where there are many. */
function some(ids: readonly string[]): string {
  return ids.length <= SHOWN ? list(ids) : `${list(ids.slice(0, SHOWN))} and ${ids.length - SHOWN} more`;
}

function list(ids: readonly string[]): string {
  return `[${ids.join(', ')}]`;
}
