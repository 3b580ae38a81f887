import { basename, extname } from 'node:path';
import { LineCounter } from 'yaml';
import { describeValue, isRecord, valueAt } from '../rules/document-problem.ts';
import { isSigmaDocument } from '../rules/import/sigma/sigma-document.ts';
import { parseDetectionRule } from '../rules/rule-schema.ts';
import { excerptAt, type FileProblem } from './file-problem.ts';
import { type LoadedRule, type LoadedRules, loadedRule, sourceProblem } from './loaded-rule.ts';
import { linesOf } from './places.ts';
import type { SigmaSource } from './sigma-rules.ts';
import { describeName, faultsOf, isEmpty, parseDocuments, TOO_DEEP, toValue } from './yaml-documents.ts';
import { offsetPlace, yamlPlaces } from './yaml-places.ts';

/** The most problems listed for one file. */
const MAX_PROBLEMS = 100;

/** The contents of a YAML text: rules, and Sigma documents, which are imported together with those of other files. */
export interface YamlRules extends LoadedRules {
  readonly sigma: readonly SigmaSource[];
}

/**
 * The DetectionRules and Sigma's documents of a YAML text: one or more documents, in the core schema of YAML 1.2 (so
 * `yes` and `2027-01-31` are text), without duplicate keys or custom tags. Never throws: what is wrong comes back with
 * its place.
 */
export function readYamlRules(file: string, source: string): YamlRules {
  const counter = new LineCounter();
  const lines = linesOf(source);
  const rules: LoadedRule[] = [];
  const sigma: SigmaSource[] = [];
  const problems: FileProblem[] = [];
  const complain = (offset: number, message: string): void => {
    const place = offsetPlace(counter, lines, offset);
    problems.push({ file, place, message, excerpt: excerptAt(lines, place) });
  };

  const documents = parseDocuments(source, counter);
  if (documents === undefined) complain(0, TOO_DEEP);
  for (const document of documents ?? []) {
    const faults = faultsOf(document);
    for (const { message, offset } of faults) complain(offset, message);
    if (faults.length > 0 || isEmpty(document)) continue;
    const read = toValue(document);
    if (read.kind === 'unsound') {
      complain(document.contents?.range?.[0] ?? 0, read.message);
      continue;
    }
    const from = { file, lines, places: yamlPlaces(document, counter, lines) };
    if (!isRecord(read.value)) {
      complain(document.contents?.range?.[0] ?? 0, `expected a DetectionRule, found ${describeValue(read.value)}`);
      continue;
    }
    if (isSigmaDocument(read.value)) {
      sigma.push({ ...from, value: read.value, fileStem: basename(file, extname(file)) });
      continue;
    }
    const parsed = parseDetectionRule(read.value);
    if (parsed.kind === 'ok') rules.push(loadedRule(from, parsed.document));
    else
      problems.push(
        ...parsed.problems
          .slice(0, MAX_PROBLEMS + 1)
          .map((problem) => sourceProblem(from, problem, nameOf(read.value))),
      );
  }
  return { rules, problems: shorten(problems), sigma };
}

/** A text that is not a rule at all would give a problem per line. */
function shorten(problems: readonly FileProblem[]): readonly FileProblem[] {
  const next = problems[MAX_PROBLEMS];
  if (next === undefined) return problems;
  return [...problems.slice(0, MAX_PROBLEMS), { ...next, message: 'there are more problems from here on' }];
}

function nameOf(value: unknown): string | undefined {
  const name = valueAt(value, ['metadata', 'name']);
  return typeof name === 'string' && name.length <= 253 ? describeName(name) : undefined;
}
