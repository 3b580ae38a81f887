import type { Store } from '../alerts/store.ts';
import { parseJson } from '../audit/parse-json.ts';
import { isRecord, valueAt } from '../rules/document-problem.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { RuleEntry } from './rule-entry.ts';
import { type RuleResource, toRuleResource } from './rule-resource.ts';

/** More than the rules of one cluster need, and little enough for a store. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Reads the last sound version of each rule in the cluster, as a replica stored it, for a process that starts while a
 * rule is broken or the API server is down.
 *
 * @param cluster its partition holds them
 * @throws OperationalError if the store does not answer
 */
export async function loadKnownRules(store: Pick<Store, 'update'>, cluster: string): Promise<readonly RuleResource[]> {
  const kept = await readKept(store, cluster);
  return [...kept.values()].flatMap((text) => toRuleResource(parseJson(text)) ?? []);
}

/** Stores the last sound version of each rule. One replica does it for all. */
export interface KnownRules {
  /**
   * @param resources as in the latest list of the watch
   * @throws OperationalError if the store does not answer
   */
  save(entries: readonly RuleEntry[], resources: readonly RuleResource[]): Promise<void>;
}

export function createKnownRules(store: Pick<Store, 'update'>, cluster: string): KnownRules {
  /** What the store holds, by name; undefined until it was read. */
  let kept: Map<string, string> | undefined;

  return {
    async save(entries, resources) {
      const held = kept ?? (await readKept(store, cluster));
      const byUid = new Map(resources.map((resource) => [resource.uid, resource]));
      const next = new Map<string, string>();
      let bytes = 0;
      for (const { name, source, verdict, problems } of entries) {
        if (source.kind === 'file') continue;
        const resource = byUid.get(source.uid);
        const isSound = (verdict === 'runs' || verdict === 'disabled') && problems.length === 0;
        const text = isSound && resource?.generation === source.generation ? textOf(resource) : held.get(name);
        if (text === undefined || bytes + text.length > MOST_BYTES) continue;
        next.set(name, text);
        bytes += text.length;
      }
      const changed = [...next].filter(([name, text]) => held.get(name) !== text);
      const gone = [...held.keys()].filter((name) => !next.has(name));
      if (changed.length + gone.length > 0) {
        const key = stateKeys.rules;
        await store.update(cluster, [], () => ({
          kind: 'commit',
          writes: [
            ...(changed.length === 0
              ? []
              : [{ kind: 'setFields', key, mode: 'set', fields: Object.fromEntries(changed) } as const]),
            ...(gone.length === 0 ? [] : [{ kind: 'removeFields', key, fields: gone } as const]),
          ],
          result: undefined,
        }));
      }
      kept = next;
    },
  };
}

async function readKept(store: Pick<Store, 'update'>, cluster: string): Promise<Map<string, string>> {
  return store.update(cluster, [{ kind: 'hash', key: stateKeys.rules }], ([read]) => ({
    kind: 'commit',
    writes: [],
    result: new Map(read?.kind === 'hash' ? read.entries : []),
  }));
}

/** The parts of the resource needed to run it: without tests, which are most of it, and the API server's metadata. */
function textOf({ name, uid, generation, value }: RuleResource): string {
  const spec = valueAt(value, ['spec']);
  const { tests: _, ...needed } = isRecord(spec) ? spec : {};
  const { apiVersion, kind } = isRecord(value) ? value : {};
  return JSON.stringify({ apiVersion, kind, metadata: { name, uid, generation }, spec: needed });
}
