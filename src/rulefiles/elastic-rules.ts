import { parse, TomlError } from 'smol-toml';
import type { DocumentProblem } from '../rules/document-problem.ts';
import {
  type ElasticImportOptions,
  elasticPath,
  elasticRuleName,
  elasticRuleType,
  importElasticRule,
  reasonPath,
} from '../rules/import/elastic.ts';
import type { ElasticLists } from '../rules/import/elastic-exceptions.ts';
import type { ElasticExport } from './elastic-export.ts';
import { excerptAt, type FileProblem, parserMessage } from './file-problem.ts';
import { type LoadedRules, loadedRule, type RuleSource, sourceProblem } from './loaded-rule.ts';
import { linesOf, type Place, type Places } from './places.ts';
import { tomlPlaces } from './toml-places.ts';

/** The deepest nesting of inline tables and arrays; Elastic's rules stay below 5. */
const MAX_TOML_DEPTH = 64;

/** A rule of Elastic's repository: a TOML text with one `[rule]`. Never throws. */
export function readTomlRule(file: string, source: string, options: ElasticImportOptions): LoadedRules {
  const lines = linesOf(source);
  try {
    const value = parse(source, { unsafeKeyBehaviour: 'throw', maxDepth: MAX_TOML_DEPTH });
    return importedRule({ file, lines, places: tomlPlaces(source, value) }, value, options);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const place = clampPlace(lines, { line: error.line, column: error.column });
    const message = parserMessage(error.message);
    // The parser reports the line end, which a string cannot contain.
    const isOpen = message.includes('control characters') && place.column > (lines[place.line - 1]?.length ?? 0);
    const problem: FileProblem = {
      file,
      place,
      rule: elasticRuleName(undefined, options.fileStem),
      message,
      ...(isOpen && { hint: 'is a closing quotation mark missing?' }),
      excerpt: excerptAt(lines, place),
    };
    return { rules: [], problems: [problem] };
  }
}

/** Reads the rules of a Kibana export, one per line. Never throws. */
export function readExportedRules({ file, lines, rules, problems }: ElasticExport, lists: ElasticLists): LoadedRules {
  const results = rules.map(({ value, line }) => {
    const places: Places = { at: () => ({ line, column: 1 }), within: () => undefined };
    return importedRule({ file, lines, places }, value, { lists });
  });
  return {
    rules: results.flatMap((result) => result.rules),
    problems: [...problems, ...results.flatMap((result) => result.problems)],
  };
}

function importedRule(source: RuleSource, value: unknown, options: ElasticImportOptions): LoadedRules {
  const result = importElasticRule(value, options);
  if (result.kind === 'document') {
    const { document, notes, differences } = result;
    return {
      rules: [loadedRule(resourceSource(source, value), document, notes, { differences, imported: true })],
      problems: [],
    };
  }
  const name = elasticRuleName(value, options.fileStem);
  const ruleType = elasticRuleType(value);
  const about = (problem: DocumentProblem): FileProblem => ({
    ...sourceProblem(source, problem, name),
    ...(ruleType !== undefined && { ruleType }),
  });
  if (result.kind === 'invalid') return { rules: [], problems: result.problems.map(about) };
  const { reasons } = result;
  return {
    rules: [],
    problems: reasons.map((reason) => ({
      ...about({ ...reason, path: reasonPath(value, reason) }),
      unsupported: [reason],
    })),
  };
}

/** The same source, with paths of the converted resource. */
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
