import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { describeValue, isRecord, valueAt } from '../rules/document-problem.ts';
import { parseDetectionRule } from '../rules/rule-schema.ts';
import { excerptAt, type FileProblem, parserMessage } from './file-problem.ts';
import { type LoadedRule, type LoadedRules, loadedRule, sourceProblem } from './loaded-rule.ts';
import { linesOf } from './places.ts';
import { offsetPlace, yamlPlaces } from './yaml-places.ts';

/** How many nodes the aliases of one document may stand for. */
const MAX_ALIAS_COUNT = 100;
/** How many problems of one file are listed. */
const MAX_PROBLEMS = 100;
const TOO_DEEP = 'this YAML is nested too deeply';

/**
 * The DetectionRules of a YAML text: one or more documents, in the core schema of YAML 1.2 (so `yes` and `2027-01-31` are
 * text), without duplicate keys or custom tags. Never throws: what is wrong comes back with its place.
 */
export function readYamlRules(file: string, source: string): LoadedRules {
  const counter = new LineCounter();
  const lines = linesOf(source);
  const rules: LoadedRule[] = [];
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
    const parsed = parseDetectionRule(read.value);
    if (parsed.kind === 'ok') rules.push(loadedRule(from, parsed.document, []));
    else
      problems.push(
        ...parsed.problems
          .slice(0, MAX_PROBLEMS + 1)
          .map((problem) => sourceProblem(from, problem, nameOf(read.value))),
      );
  }
  return { rules, problems: shorten(problems) };
}

/** A text that is no rule at all gives a problem a line. */
function shorten(problems: readonly FileProblem[]): readonly FileProblem[] {
  const next = problems[MAX_PROBLEMS];
  if (next === undefined) return problems;
  return [...problems.slice(0, MAX_PROBLEMS), { ...next, message: 'there are more problems from here on' }];
}

/** Undefined if the text is nested so deeply that the parser, which descends with the nesting, runs out of stack. */
function parseDocuments(source: string, lineCounter: LineCounter): readonly Document.Parsed[] | undefined {
  try {
    const options = { schema: 'core', uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter } as const;
    const documents = parseAllDocuments(source, options);
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** True for what stands between two `---` and holds nothing but comments. */
function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return contents === null || ('value' in contents && contents.value === null && contents.tag === undefined);
}

interface Fault {
  readonly message: string;
  readonly offset: number;
}

/** What is wrong with a document as YAML: what the parser says, else what it leaves to us. */
function faultsOf(document: Document.Parsed): readonly Fault[] {
  const parsed = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    message: code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : parserMessage(message),
    offset: pos[0],
  }));
  return parsed.length > 0 ? parsed : nodeFaults(document);
}

/** Keys that a mapping has twice (the parser's own check takes quadratic time), and aliases whose anchor does not stand before them. */
function nodeFaults(document: Document.Parsed): readonly Fault[] {
  const faults: Fault[] = [];
  const anchors = new Set<string>();
  const complain = (node: Node, message: string): void => {
    faults.push({ message, offset: node.range?.[0] ?? 0 });
  };
  visit(document, {
    Alias: (_key, alias) => {
      if (!anchors.has(alias.source))
        complain(alias, `no anchor ${describeName(`&${alias.source}`)} stands before this alias`);
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      if (!isMap(node)) return;
      const keys = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key)) {
          if (isNode(key)) complain(key, 'expected a key, found a collection');
          continue;
        }
        const name = String(key.value);
        if (keys.has(name)) complain(key, `the key ${describeName(name)} is there twice`);
        keys.add(name);
      }
    },
  });
  return faults;
}

type Reading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unsound'; readonly message: string };

/** A cycle of aliases, or too many of them, is the text's fault. */
function toValue(document: Document.Parsed): Reading {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    if (!isRecord(value))
      return { kind: 'unsound', message: `expected a DetectionRule, found ${describeValue(value)}` };
    return { kind: 'value', value };
  } catch (error) {
    if (error instanceof ReferenceError) return { kind: 'unsound', message: 'its aliases stand for too much' };
    if (error instanceof RangeError) return { kind: 'unsound', message: TOO_DEEP };
    throw error;
  }
}

function nameOf(value: unknown): string | undefined {
  const name = valueAt(value, ['metadata', 'name']);
  return typeof name === 'string' && name.length <= 253 ? describeName(name) : undefined;
}

function describeName(name: string): string {
  return /^&?[\w.-]+$/.test(name) ? name : describeValue(name);
}
