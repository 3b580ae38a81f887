import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDetector, type Detector, type Stopwatch } from '../detect/detector.ts';
import type { Redactor } from '../ecs/redactor.ts';
import { createFieldSlots, type FieldSlots } from '../query/match/slots.ts';
import type { LoadedRules } from '../rulefiles/loaded-rule.ts';
import { compileRule } from '../rules/compile-rule.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleDocument, RuleExceptionDocument } from '../rules/document.ts';
import type { Hashes } from '../rules/hashes.ts';
import { formatRuleProblem } from '../rules/rule-problem.ts';
import { createRuleCompiler, resourceVersion, type Version } from './rule-compiler.ts';
import { ruleEdit } from './rule-edit.ts';
import type { RuleEntry, RuleSource } from './rule-entry.ts';
import type { RuleResource } from './rule-resource.ts';

/** How long rules are compiled at a stretch: events are not held up for longer. */
const STRETCH_MS = 5;

/**
 * The rules in force. They come from files and from DetectionRule resources; a resource wins over a file of its name. Whatever
 * changes, the rules are compiled beside the work on events, and the set is then swapped as a whole.
 */
export interface LiveRules {
  /** The set in force: asked once for each batch. */
  detector(): Detector;
  /** Files that are rules wherever no resource of the name is one; of several of a name the first counts. */
  setFiles(loaded: LoadedRules): void;
  /** Resources as an earlier process has known them: rules until all are told, and then what runs where one is broken. */
  setEarlier(resources: readonly RuleResource[]): void;
  /** All resources there are. */
  setResources(resources: readonly RuleResource[]): void;
  /** All exceptions that stand by themselves. One that does not compile with a rule is left out there. */
  setExceptions(exceptions: readonly RuleExceptionDocument[]): void;
  /** Resolves when all that was told before is in force. */
  settled(): Promise<void>;
  /** Each rule, in the order of names: what is in force, and what its author wrote last. The same list until one changes. */
  entries(): readonly RuleEntry[];
  /** Calls back after each swap, and whenever the verdict on a rule may be another. @returns what ends it */
  subscribe(listener: (entries: readonly RuleEntry[]) => void): () => void;
  /** The slots that all rules are compiled with. */
  readonly slots: FieldSlots;
  /** What a rule costs for each event that it looks at, in microseconds; undefined before it was measured. */
  costMicros(rule: CompiledRule): number | undefined;
}

export interface LiveRulesDeps {
  readonly hashes: Hashes;
  /** What leaves the detectors passes it. */
  readonly redactor?: Redactor;
  /**
   * Rules that are in force whatever files, resources and exceptions say, with names that nothing else can have. They are no entries:
   * nobody writes them, and a set without another rule is empty.
   */
  readonly builtIn?: readonly RuleDocument[];
  /** Wraps each new detector, for traces. */
  readonly wrap?: (detector: Detector) => Detector;
}

const NO_FILES: LoadedRules = { rules: [], problems: [] };

export function createLiveRules({
  hashes,
  redactor,
  builtIn = [],
  wrap = (detector) => detector,
}: LiveRulesDeps): LiveRules {
  const slots = createFieldSlots();
  const compiler = createRuleCompiler(slots, hashes);
  let files = NO_FILES;
  let earlier: readonly RuleResource[] = [];
  let resources: readonly RuleResource[] | undefined;
  let exceptions: readonly RuleExceptionDocument[] = [];

  const own = builtIn.map((document) => compileBuiltIn(document, slots, hashes));
  const ownNames = new Set(builtIn.map(({ name }) => name));
  let inForce: readonly CompiledRule[] = [];
  const costs = new Map<CompiledRule, { events: number; micros: number }>();
  const stopwatch: Stopwatch = {
    now: () => performance.now() * 1_000,
    took(rule, micros) {
      const cost = costs.get(rule);
      if (cost === undefined) costs.set(rule, { events: 1, micros });
      else {
        cost.events += 1;
        cost.micros += micros;
      }
    },
  };
  let detector = wrap(createDetector(own, slots, hashes, redactor));
  let entries: readonly RuleEntry[] = [];
  let byName: ReadonlyMap<string, RuleEntry> = new Map();
  const listeners = new Set<(entries: readonly RuleEntry[]) => void>();
  let isStale = false;
  let building: Promise<void> | undefined;

  function changed(): void {
    isStale = true;
    building ??= build();
  }

  async function build(): Promise<void> {
    while (isStale) {
      isStale = false;
      const next = await judgeAll(versionsOf(files, resources ?? earlier));
      put(next);
    }
    // At once with the last look whether there is more to do: what is told in between would wait for ever.
    building = undefined;
  }

  async function judgeAll(versions: ReadonlyMap<string, readonly Version[]>): Promise<Map<string, RuleEntry>> {
    const judged = new Map<string, RuleEntry>();
    const told = exceptions;
    let from = performance.now();
    for (const name of [...versions.keys()].sort()) {
      if (ownNames.has(name)) continue;
      const entry = judge(name, versions.get(name) ?? [], told);
      if (entry !== undefined) judged.set(name, entry);
      if (performance.now() - from < STRETCH_MS) continue;
      await nextTurn();
      from = performance.now();
    }
    return judged;
  }

  /** @param versions the one that counts first, then what may stand in for it */
  function judge(
    name: string,
    [version, ...others]: readonly Version[],
    told: readonly RuleExceptionDocument[],
  ): RuleEntry | undefined {
    if (version === undefined) return undefined;
    const { source } = version;
    const compiled = compiler.compile(version, told);
    if (compiled.kind === 'ok') {
      const { rule, neverFires } = compiled;
      if (!rule.document.enabled) return { name, source, verdict: 'disabled', problems: [] };
      const inForce = { rule, source };
      const never = neverFires === undefined ? {} : { neverFires };
      return { name, source, verdict: 'runs', problems: [], inForce, ...never, ...editOf(name, inForce) };
    }
    const { problems } = compiled;
    // Whoever switches a rule off is obeyed, whatever else is wrong with it.
    if (compiled.switchedOff) return { name, source, verdict: 'disabled', problems };
    const verdict = compiled.unsupported ? 'unsupported' : 'broken';
    const [standIn = others[0]] = compiler.earlier(version);
    const made = standIn === undefined ? compiled : compiler.compile(standIn, told);
    if (standIn === undefined || made.kind !== 'ok' || !made.rule.document.enabled) {
      return { name, source, verdict, problems };
    }
    return { name, source, verdict, problems, inForce: { rule: made.rule, source: standIn.source }, ...editOf(name) };
  }

  /** What a new version does to the memory of the one before, which is the one in force until now. */
  function editOf(name: string, next?: RuleEntry['inForce']): Pick<RuleEntry, 'edit'> {
    const before = byName.get(name);
    if (before?.inForce === undefined) return {};
    const { inForce, edit } = before;
    if (next === undefined || isSameSource(inForce.source, next.source)) return edit === undefined ? {} : { edit };
    return { edit: ruleEdit(inForce.rule, next.rule) };
  }

  function put(next: ReadonlyMap<string, RuleEntry>): void {
    byName = next;
    entries = [...next.values()];
    const rules = entries.flatMap(({ inForce }) => inForce?.rule ?? []);
    const isSame = rules.length === inForce.length && rules.every((rule, index) => rule === inForce[index]);
    inForce = rules;
    if (!isSame) {
      detector = wrap(createDetector([...own, ...rules], slots, hashes, redactor, stopwatch));
      const running = new Set([...own, ...rules]);
      for (const rule of costs.keys()) if (!running.has(rule)) costs.delete(rule);
    }
    compiler.keepOnly(entries);
    for (const listener of listeners) listener(entries);
  }

  return {
    detector: () => detector,
    setFiles(loaded) {
      files = loaded;
      changed();
    },
    setEarlier(told) {
      earlier = told;
      compiler.setEarlier(told);
      changed();
    },
    setResources(told) {
      if (resources !== undefined && isSameList(resources, told)) return;
      resources = told;
      changed();
    },
    setExceptions(told) {
      exceptions = told;
      changed();
    },
    async settled() {
      while (building !== undefined) await building;
    },
    entries: () => entries,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    slots,
    costMicros(rule) {
      const cost = costs.get(rule);
      return cost === undefined ? undefined : cost.micros / cost.events;
    },
  };
}

function compileBuiltIn(document: RuleDocument, slots: FieldSlots, hashes: Hashes): CompiledRule {
  const compiled = compileRule(document, slots, hashes);
  if (compiled.kind === 'ok') return compiled.rule;
  throw new Error(compiled.problems.map(formatRuleProblem).join('\n'));
}

/** By name: the version that counts first. */
function versionsOf(files: LoadedRules, resources: readonly RuleResource[]): ReadonlyMap<string, readonly Version[]> {
  const versions = new Map<string, Version[]>();
  const add = (name: string, version: Version) => {
    const list = versions.get(name);
    if (list === undefined) versions.set(name, [version]);
    else list.push(version);
  };
  for (const resource of resources) add(resource.name, resourceVersion(resource));
  for (const loaded of files.rules) {
    add(loaded.document.name, { kind: 'file', loaded, source: { kind: 'file', file: loaded.file } });
  }
  return versions;
}

/** Whether these are the same versions: a change of status or labels is none. */
function isSameList(a: readonly RuleResource[], b: readonly RuleResource[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ uid, generation }, index) => uid === b[index]?.uid && generation === b[index]?.generation)
  );
}

function isSameSource(a: RuleSource, b: RuleSource): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.file === b.file;
  return b.kind === 'resource' && a.uid === b.uid && a.generation === b.generation;
}
