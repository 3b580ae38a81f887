import { projectForIndex } from '../detect/rule-index.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import { excerptAt, formatFileProblem } from '../rulefiles/file-problem.ts';
import type { LoadedRule } from '../rulefiles/loaded-rule.ts';
import { linesOf } from '../rulefiles/places.ts';
import { whyNeverFires } from '../rulefiles/rule-verdict.ts';
import { type CompileResult, compileRule } from '../rules/compile-rule.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleDocument, RuleExceptionDocument } from '../rules/document.ts';
import { type DocumentProblem, formatPath, valueAt } from '../rules/document-problem.ts';
import { isFor } from '../rules/exception-scope.ts';
import type { Hashes } from '../rules/hashes.ts';
import type { RuleProblem } from '../rules/rule-problem.ts';
import { type ParsedRule, parseDetectionRule } from '../rules/rule-schema.ts';
import type { RuleEntry, RuleSource } from './rule-entry.ts';
import type { RuleResource } from './rule-resource.ts';

/** A rule as one source has it. */
export type Version =
  | { readonly kind: 'file'; readonly loaded: LoadedRule; readonly source: RuleSource }
  | { readonly kind: 'resource'; readonly resource: RuleResource; readonly source: RuleSource };

export type Compiled =
  | { readonly kind: 'ok'; readonly rule: CompiledRule; readonly neverFires?: string }
  | {
      readonly kind: 'invalid';
      readonly problems: readonly string[];
      /** True if it may be sound but needs something that cannot run here. */
      readonly unsupported: boolean;
      /** True if it is switched off, which overrides everything else. */
      readonly switchedOff: boolean;
    };

/** Compiles each version of a rule once; an unchanged version is not compiled again. */
export interface RuleCompiler {
  /** @param exceptions all of them; those for the rule are added to its own */
  compile(version: Version, exceptions: readonly RuleExceptionDocument[]): Compiled;
  /** The last sound version before this one of the same resource. */
  earlier(version: Version): readonly Version[];
  /** Sets versions that were sound in an earlier process. */
  setEarlier(resources: readonly RuleResource[]): void;
  /** Forgets versions of all other rules. */
  keepOnly(entries: readonly RuleEntry[]): void;
}

interface Memory {
  readonly parsed: ParsedRule;
  /** The latest result, and its exceptions. */
  compiled?: { readonly exceptions: readonly RuleExceptionDocument[]; readonly result: Compiled };
}

export function createRuleCompiler(slots: FieldSlots, hashes: Hashes): RuleCompiler {
  /** By the identity of a file's rule, or `uid/generation/name` of a resource. */
  const memories = new Map<LoadedRule | string, Memory>();
  /** By uid: the last version that was sound in an earlier process. */
  const before = new Map<string, Version>();
  /** By uid: the last version that was sound. */
  const sound = new Map<string, Extract<Version, { kind: 'resource' }>>();

  function memoryOf(version: Version): Memory {
    const key = keyOf(version);
    let memory = memories.get(key);
    if (memory === undefined) {
      memory = { parsed: parse(version) };
      memories.set(key, memory);
    }
    return memory;
  }

  function compileWith(version: Version, document: RuleDocument, own: readonly RuleExceptionDocument[]): Compiled {
    const whole = own.length === 0 ? document : { ...document, exceptions: [...document.exceptions, ...own] };
    const result = compileSafely(whole, slots, hashes);
    if (result.kind === 'ok') {
      projectForIndex(result.rule, slots);
      const why = version.kind === 'file' ? undefined : whyNeverFires(result.rule);
      return { ...result, ...(why !== undefined && { neverFires: `It can never fire: ${why}.` }) };
    }
    // A mistake in a RuleException is not the rule's: without the exception the rule finds more, not less.
    const bad = new Set(result.problems.flatMap(({ path }) => foreignException(path, document) ?? []));
    if (bad.size > 0)
      return compileWith(
        version,
        document,
        own.filter((_exception, index) => !bad.has(index)),
      );
    const invalid = { kind: 'invalid', switchedOff: !document.enabled } as const;
    if (version.kind === 'resource') {
      return { ...invalid, problems: result.problems.map(formatResourceProblem), unsupported: false };
    }
    const problems = result.problems.map((problem) => version.loaded.problem(problem));
    const unsupported = problems.every((problem) => problem.unsupported !== undefined);
    return { ...invalid, problems: problems.map(formatFileProblem), unsupported };
  }

  return {
    compile(version, exceptions) {
      const memory = memoryOf(version);
      const { parsed } = memory;
      if (parsed.kind === 'invalid') {
        const problems = parsed.problems.map(formatDocumentProblem);
        return { kind: 'invalid', problems, unsupported: false, switchedOff: isSwitchedOff(version) };
      }
      const own = exceptions.filter((exception) => isFor(exception, parsed.document));
      if (memory.compiled === undefined || !isSameList(memory.compiled.exceptions, own)) {
        memory.compiled = { exceptions: own, result: compileWith(version, parsed.document, own) };
      }
      const { result } = memory.compiled;
      if (result.kind === 'ok' && version.kind === 'resource') sound.set(version.resource.uid, version);
      return result;
    },

    earlier(version) {
      if (version.kind === 'file') return [];
      const { uid } = version.resource;
      return [sound.get(uid) ?? before.get(uid) ?? []].flat();
    },

    setEarlier(resources) {
      for (const resource of resources) before.set(resource.uid, resourceVersion(resource));
    },

    keepOnly(entries) {
      const uids = new Set<string>();
      for (const { source } of entries) if (source.kind === 'resource') uids.add(source.uid);
      for (const uid of sound.keys()) if (!uids.has(uid)) sound.delete(uid);
      const kept = new Set([...sound.values()].map(keyOf));
      for (const { source, name } of entries) {
        if (source.kind === 'resource') kept.add(keyOfResource(source.uid, source.generation, name));
      }
      for (const key of memories.keys()) if (typeof key === 'string' && !kept.has(key)) memories.delete(key);
    },
  };
}

export function resourceVersion(resource: RuleResource): Version {
  const { uid, generation } = resource;
  return { kind: 'resource', resource, source: { kind: 'resource', uid, generation } };
}

function keyOf(version: Version): LoadedRule | string {
  if (version.kind === 'file') return version.loaded;
  const { uid, generation, name } = version.resource;
  return keyOfResource(uid, generation, name);
}

function keyOfResource(uid: string, generation: number, name: string): string {
  return `${uid}/${generation}/${name}`;
}

function parse(version: Version): ParsedRule {
  if (version.kind === 'file') return { kind: 'ok', document: version.loaded.document };
  return parseDetectionRule(version.resource.value);
}

/** The text comes from anyone who may write rules: a bug that it triggers must not end the process again and again. */
function compileSafely(document: RuleDocument, slots: FieldSlots, hashes: Hashes): CompileResult {
  try {
    return compileRule(document, slots, hashes);
  } catch (error) {
    return {
      kind: 'invalid',
      problems: [{ path: ['query'], message: `firstseen failed on this rule, which is a bug: ${error}` }],
    };
  }
}

/** The index of the added exception that a problem is about, from 0. */
function foreignException(
  [part, index]: readonly (string | number)[],
  { exceptions }: RuleDocument,
): number | undefined {
  if (part !== 'exceptions' || typeof index !== 'number' || index < exceptions.length) return undefined;
  return index - exceptions.length;
}

function isSwitchedOff(version: Version): boolean {
  return version.kind === 'resource' && valueAt(version.resource.value, ['spec', 'enabled']) === false;
}

/**
 * For `kubectl describe`: the place, the line of a query with a caret, the hint. A long line is cut around the place.
 */
function formatResourceProblem({ path, message, hint, inQuery }: RuleProblem): string {
  const at = formatPath(['spec', ...path]);
  const more = hint === undefined ? [] : [`  hint: ${hint}`];
  if (inQuery === undefined) return [`${at}: ${message}`, ...more].join('\n');
  const { line, column } = inQuery.problem;
  const { text, caret } = excerptAt(linesOf(inQuery.source), { line, column });
  const place = `line ${line}, column ${column}`;
  return [`${at}: ${place}: ${message}`, `  ${text}`, `  ${' '.repeat(caret)}^`, ...more].join('\n');
}

function formatDocumentProblem({ path, message, hint, within }: DocumentProblem): string {
  const place = within === undefined ? '' : ` (line ${within.line}, column ${within.column})`;
  const text = `${formatPath(path)}: ${message}${place}`;
  return hint === undefined ? text : `${text}\n  hint: ${hint}`;
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
