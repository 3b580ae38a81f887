import { createFieldSlots } from '../query/match/slots.ts';
import { type CompiledExceptionResult, compileException } from '../rules/compile-exception.ts';
import type { RuleExceptionDocument, ValueListDocument } from '../rules/document.ts';
import { type DocumentProblem, formatPath } from '../rules/document-problem.ts';
import { type ParsedException, parseRuleException, type WrittenException } from '../rules/exception-schema.ts';
import { formatRuleProblem, type RuleProblem } from '../rules/rule-problem.ts';
import type { ExceptionEntry } from './exception-entry.ts';
import { type ConfigMaps, createListReader, placeOfValue } from './exception-lists.ts';
import type { RuleResource } from './rule-resource.ts';

/** The exceptions in the cluster: read, and put together with the lists that stand in ConfigMaps. */
export interface LiveExceptions {
  /** All resources there are. */
  setResources(resources: readonly RuleResource[]): void;
  setConfigMaps(maps: ConfigMaps): void;
  /** Whether one of them takes its values from a ConfigMap. */
  wantsConfigMaps(): boolean;
  /** In the order of names. */
  entries(): readonly ExceptionEntry[];
}

export interface LiveExceptionsDeps {
  /** Told those that are sound, if they are others than before. */
  readonly onDocuments: (documents: readonly RuleExceptionDocument[]) => void;
  /** Told all of them, whenever one of them may be another. */
  readonly onEntries?: (entries: readonly ExceptionEntry[]) => void;
}

interface Memory {
  readonly parsed: ParsedException;
  /** The last judgement, and the values that it was on. */
  judged?: { readonly values: readonly (readonly string[])[]; readonly judgement: Judgement };
}

type Judgement = Pick<ExceptionEntry, 'verdict' | 'problems' | 'document'>;

export function createLiveExceptions({ onDocuments, onEntries }: LiveExceptionsDeps): LiveExceptions {
  const reader = createListReader();
  /** Exceptions are compiled here to be judged; each rule that one is for compiles it again, with its own fields. */
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

  /** Anyone who may write exceptions writes their text: a bug that one of them finds must not end the process. */
  function compileSafely(document: RuleExceptionDocument): CompiledExceptionResult {
    try {
      return compileException(document, slots);
    } catch (error) {
      return {
        kind: 'invalid',
        problems: [{ path: ['query'], message: `firstseen failed on this exception: ${error}` }],
      };
    }
  }

  /** Says of a value that stands in a ConfigMap where it does. */
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
