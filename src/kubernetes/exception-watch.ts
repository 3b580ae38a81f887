import { z } from 'zod';
import type { Job } from '../alerts/job.ts';
import type { ConfigMapContent } from '../ruleset/exception-lists.ts';
import { type RuleResource, toRuleResource } from '../ruleset/rule-resource.ts';
import { createResourceMirror } from './resource-watch.ts';

export const EXCEPTIONS_PATH = '/apis/firstseen.dev/v1alpha1/ruleexceptions';

/** An exception with inline lists may take a megabyte, and so may a ConfigMap. */
const PAGE_SIZE = 20;

type WatchDeps = Omit<Parameters<typeof createResourceMirror>[0], 'handlers'>;

/** Watches the RuleExceptions; every replica does. @param onExceptions all of them: at first, and after each change */
export function createExceptionWatch(
  deps: WatchDeps,
  onExceptions: (exceptions: readonly RuleResource[]) => void,
): Job {
  return createResourceMirror<RuleResource | undefined>(
    deps,
    { path: EXCEPTIONS_PATH, of: 'ruleexceptions', pageSize: PAGE_SIZE, read: toRuleResource },
    (objects) => onExceptions([...objects.values()].flatMap((resource) => resource ?? [])),
  );
}

/** The text part of `core/v1.ConfigMap`. */
const configMapSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().default('') }),
  data: z.record(z.string(), z.string()).default({}),
});

/** Watches the ConfigMaps of one namespace, for the lists in them. */
export function createConfigMapWatch(
  deps: WatchDeps,
  namespace: string,
  onConfigMaps: (maps: ReadonlyMap<string, ConfigMapContent>) => void,
): Job {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
  return createResourceMirror<ConfigMapContent>(
    deps,
    { path, of: 'configmaps', pageSize: PAGE_SIZE, read: toContent },
    onConfigMaps,
  );
}

function toContent(value: unknown): ConfigMapContent {
  const parsed = configMapSchema.safeParse(value);
  if (!parsed.success) return { version: '', data: {} };
  return { version: parsed.data.metadata.resourceVersion, data: parsed.data.data };
}
