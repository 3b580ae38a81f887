import { parse, TomlError } from 'smol-toml';
import { isRecord } from '../rules/document-problem.ts';
import { elasticPath, importElasticRule, reasonPath } from '../rules/import/elastic.ts';
import { toRuleName } from '../rules/rule-name.ts';
import { excerptAt, parserMessage } from './file-problem.ts';
import { type LoadedRules, loadedRule, type RuleSource, sourceProblem } from './loaded-rule.ts';
import { linesOf, type Place, type Places } from './places.ts';
import { tomlPlaces } from './toml-places.ts';

/** How deep inline tables and arrays may go: the rules of Elastic stay below 5. */
const MAX_TOML_DEPTH = 64;

/** A rule of Elastic's repository: a TOML text with one `[rule]`. Never throws. */
export function readTomlRule(file: string, source: string, fileStem: string): LoadedRules {
  const lines = linesOf(source);
  try {
    const value = parse(source, { unsafeKeyBehaviour: 'throw', maxDepth: MAX_TOML_DEPTH });
    return importedRule({ file, lines, places: tomlPlaces(source, value) }, value, fileStem);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const place = clampPlace(lines, { line: error.line, column: error.column });
    return {
      rules: [],
      problems: [{ file, place, message: parserMessage(error.message), excerpt: excerptAt(lines, place) }],
    };
  }
}

/**
 * The rules of an export of Kibana's: NDJSON, a rule a line; the line of export counts at its end and the exception lists
 * (each rule that uses one is refused by itself) are no rules. Never throws.
 */
export function readNdjsonRules(file: string, source: string): LoadedRules {
  const lines = linesOf(source);
  const results = lines.flatMap((text, at): readonly LoadedRules[] => {
    if (text.trim() === '') return [];
    const place = { line: at + 1, column: 1 };
    const value = parseJson(text);
    if (value === undefined) {
      return [
        { rules: [], problems: [{ file, place, message: 'this line is not JSON', excerpt: excerptAt(lines, place) }] },
      ];
    }
    if (isRecord(value) && !('rule_id' in value) && ('exported_count' in value || 'list_id' in value)) return [];
    const places: Places = { at: () => place, within: () => undefined };
    return [importedRule({ file, lines, places }, value, undefined)];
  });
  return { rules: results.flatMap(({ rules }) => rules), problems: results.flatMap(({ problems }) => problems) };
}

function importedRule(source: RuleSource, value: unknown, fileStem: string | undefined): LoadedRules {
  const result = importElasticRule(value, fileStem === undefined ? {} : { fileStem });
  switch (result.kind) {
    case 'document':
      return { rules: [loadedRule(resourceSource(source, value), result.document, result.notes)], problems: [] };
    case 'invalid':
      return { rules: [], problems: result.problems.map((problem) => sourceProblem(source, problem, undefined)) };
    case 'unsupported': {
      const { reasons, title } = result;
      const [first] = reasons;
      const path = first === undefined ? [] : reasonPath(value, first);
      const message = reasons.map((reason) => reason.message).join('; ');
      const problem = sourceProblem(source, { path, message }, title === undefined ? undefined : toRuleName(title));
      return { rules: [], problems: [{ ...problem, unsupported: reasons }] };
    }
  }
}

/** The same source for paths of the resource that the rule became. */
function resourceSource(source: RuleSource, value: unknown): RuleSource {
  const { places } = source;
  return {
    ...source,
    places: {
      at: (path, on) => places.at(elasticPath(value, path), on),
      within: (path, place) => places.within(elasticPath(value, path), place),
    },
  };
}

function clampPlace(lines: readonly string[], { line, column }: Place): Place {
  const number = Math.min(Math.max(line, 1), lines.length);
  return { line: number, column: Math.min(Math.max(column, 1), (lines[number - 1]?.length ?? 0) + 1) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
