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

/** How long rules compile before events get a turn. */
const STRETCH_MS = 5;

/**
 * The rules in force, from files and from DetectionRule resources; a resource replaces a file of the same name. After a
 * change the rules compile in the background, and the set is then swapped as a whole.
 */
export interface LiveRules {
  /** The set in force; called once a batch. */
  detector(): Detector;
  /** Rules in files, which run unless a resource has their name; of several with one name the first counts. */
  setFiles(loaded: LoadedRules): void;
  /** Resources known to an earlier process: they run until the cluster answers, and later in place of broken ones. */
  setEarlier(resources: readonly RuleResource[]): void;
  /** Sets all resources. */
  setResources(resources: readonly RuleResource[]): void;
  /** Sets all RuleExceptions. One that does not compile with a rule does not apply to it. */
  setExceptions(exceptions: readonly RuleExceptionDocument[]): void;
  /** Resolves when all earlier changes are in force. */
  settled(): Promise<void>;
  /**
   * Each rule, in order of name: what is in force, and the author's latest version. The same list until one changes.
   */
  entries(): readonly RuleEntry[];
  /** Calls back after each swap, and whenever a verdict may have changed. @returns how to stop it */
  subscribe(listener: (entries: readonly RuleEntry[]) => void): () => void;
  /** The field slots that all rules are compiled with. */
  readonly slots: FieldSlots;
  /** Cost of a rule for each event that it looks at, in microseconds; undefined before it was measured. */
  costMicros(rule: CompiledRule): number | undefined;
}

export interface LiveRulesDeps {
  readonly hashes: Hashes;
  /** Redacts the output of the detectors. */
  readonly redactor?: Redactor;
  /**
   * Rules that always run, whatever files, resources and exceptions say. No other rule can have their names. They are
   * not entries: nobody writes them, and a set with no other rule counts as empty.
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
    // Clears the flag in the same turn as the last check for work, so that no later change is missed.
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

  /** @param versions the preferred version first, then its substitutes */
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
    // A rule that is switched off stays off, whatever else is wrong with it.
    if (compiled.switchedOff) return { name, source, verdict: 'disabled', problems };
    const verdict = compiled.unsupported ? 'unsupported' : 'broken';
    const [standIn = others[0]] = compiler.earlier(version);
    const made = standIn === undefined ? compiled : compiler.compile(standIn, told);
    if (standIn === undefined || made.kind !== 'ok' || !made.rule.document.enabled) {
      return { name, source, verdict, problems };
    }
    return { name, source, verdict, problems, inForce: { rule: made.rule, source: standIn.source }, ...editOf(name) };
  }

  /** The effect of a new version on the memory of the version in force until now. */
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

/** By name: the versions, the preferred one first. */
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

/** Whether these are the same versions; a change of status or labels is not a new version. */
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
