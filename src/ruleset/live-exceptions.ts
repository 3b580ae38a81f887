import { createFieldSlots } from '../query/match/slots.ts';
import { type CompiledExceptionResult, compileException } from '../rules/compile-exception.ts';
import type { RuleExceptionDocument, ValueListDocument } from '../rules/document.ts';
import { type DocumentProblem, formatPath } from '../rules/document-problem.ts';
import { type ParsedException, parseRuleException, type WrittenException } from '../rules/exception-schema.ts';
import { formatRuleProblem, type RuleProblem } from '../rules/rule-problem.ts';
import type { ExceptionEntry } from './exception-entry.ts';
import { type ConfigMaps, createListReader, placeOfValue } from './exception-lists.ts';
import type { RuleResource } from './rule-resource.ts';

/** The exceptions in the cluster, with their lists in ConfigMaps. */
export interface LiveExceptions {
  /** Sets all resources. */
  setResources(resources: readonly RuleResource[]): void;
  setConfigMaps(maps: ConfigMaps): void;
  /** Whether an exception takes values from a ConfigMap. */
  wantsConfigMaps(): boolean;
  /** In order of name. */
  entries(): readonly ExceptionEntry[];
}

export interface LiveExceptionsDeps {
  /** Called with the sound exceptions whenever they change. */
  readonly onDocuments: (documents: readonly RuleExceptionDocument[]) => void;
  /** Called with all of them whenever one may have changed. */
  readonly onEntries?: (entries: readonly ExceptionEntry[]) => void;
}

interface Memory {
  readonly parsed: ParsedException;
  /** The latest verdict, and the values it is based on. */
  judged?: { readonly values: readonly (readonly string[])[]; readonly judgement: Judgement };
}

type Judgement = Pick<ExceptionEntry, 'verdict' | 'problems' | 'document'>;

export function createLiveExceptions({ onDocuments, onEntries }: LiveExceptionsDeps): LiveExceptions {
  const reader = createListReader();
  /** Compiles an exception only to judge it; each of its rules compiles it again with the rule's own fields. */
  const slots = createFieldSlots();
  let memories = new Map<string, Memory>();
  let resources: readonly RuleResource[] = [];
  let maps: ConfigMaps = 'unread';
  let entries: readonly ExceptionEntry[] = [];
  let documents: readonly RuleExceptionDocument[] = [];

  function judge(memory: Memory): Judgement {
    const { parsed } = memory;
    if (parsed.kind === 'invalid') return broken(parsed.problems.map(formatDocumentProblem));
    const { document } = parsed;
    const read = reader.read(document.lists, maps);
    if (read.kind === 'unread') return { verdict: 'waiting', problems: [] };
    if (read.kind === 'invalid') return broken(read.problems.map(formatDocumentProblem));
    const values = read.lists.map((list) => list.values);
    if (memory.judged !== undefined && isSameList(memory.judged.values, values)) return memory.judged.judgement;
    const judgement = compile(document, read.lists);
    memory.judged = { values, judgement };
    return judgement;
  }

  function compile(written: WrittenException, lists: readonly ValueListDocument[]): Judgement {
    const { lists: _, ...rest } = written;
    const document = { ...rest, ...(lists.length > 0 && { lists }) };
    const result = compileSafely(document);
    if (result.kind === 'ok') return { verdict: 'sound', problems: [], document };
    return broken(result.problems.map((problem) => formatRuleProblem(withPlace(problem, written))));
  }

  /** The text comes from anyone who may write exceptions: a bug that it triggers must not end the process. */
  function compileSafely(document: RuleExceptionDocument): CompiledExceptionResult {
    try {
      return compileException(document, slots);
    } catch (error) {
      return {
        kind: 'invalid',
        problems: [{ path: ['query'], message: `firstseen failed on this exception, which is a bug: ${error}` }],
      };
    }
  }

  /** Adds to a problem with a value from a ConfigMap where that value is. */
  function withPlace(problem: RuleProblem, { lists }: WrittenException): RuleProblem {
    const [part, list, at, index] = problem.path;
    if (part !== 'lists' || typeof list !== 'number' || at !== 'values' || typeof index !== 'number') return problem;
    const place = placeOfValue(lists[list], index, maps);
    if (place === undefined) return problem;
    return { ...problem, path: ['lists', list, 'configMap'], message: `${problem.message}: ${place}` };
  }

  function update(): void {
    const next = new Map<string, Memory>();
    entries = resources
      .map((resource): ExceptionEntry => {
        const { name, uid, generation, value } = resource;
        const key = `${uid}/${generation}/${name}`;
        const memory: Memory = memories.get(key) ?? { parsed: parseRuleException(value) };
        next.set(key, memory);
        return { name, uid, generation, value, ...judge(memory) };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    memories = next;
    const sound = entries.flatMap(({ document }) => document ?? []);
    if (!isSameList(sound, documents)) {
      documents = sound;
      onDocuments(sound);
    }
    onEntries?.(entries);
  }

  return {
    setResources(told) {
      resources = told;
      update();
    },
    setConfigMaps(told) {
      maps = told;
      update();
    },
    wantsConfigMaps: () =>
      [...memories.values()].some(
        ({ parsed }) => parsed.kind === 'ok' && parsed.document.lists.some((list) => 'configMap' in list),
      ),
    entries: () => entries,
  };
}

function broken(problems: readonly string[]): Judgement {
  return { verdict: 'broken', problems };
}

function formatDocumentProblem({ path, message, hint }: DocumentProblem): string {
  const text = `${formatPath(path)}: ${message}`;
  return hint === undefined ? text : `${text}\n  hint: ${hint}`;
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
