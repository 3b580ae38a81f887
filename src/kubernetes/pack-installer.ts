import { createPeriodicJob, type Job } from '../alerts/job.ts';
import { excerpt } from '../audit/text.ts';
import type { OwnChange } from '../ingest/own-changes.ts';
import type { RuleDocument } from '../rules/document.ts';
import { type RuleResource, toRuleResource } from '../ruleset/rule-resource.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ApiCall, KubernetesClient } from './client.ts';
import { FIELD_MANAGER } from './managed-fields.ts';
import { planPack } from './pack-plan.ts';
import { RULES_PATH } from './rule-watch.ts';

/** The rules that the cluster is to hold. */
export interface Pack {
  readonly rules: readonly RuleDocument[];
  /** False if some of it could not be read: then nothing is taken for removed from it. */
  readonly isWhole: boolean;
}

export interface PackInstallerDeps {
  readonly client: Pick<KubernetesClient, 'call'>;
  /** All DetectionRules there are, with their managed fields; the same list until one changes. Undefined until they are read. */
  readonly resources: () => readonly RuleResource[] | undefined;
  /** Notes changes before they are made, and gives an Audit-ID for each; see `OwnChanges`. */
  readonly announce: (changes: readonly OwnChange[]) => Promise<readonly string[]>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** A rule of the pack that somebody deletes is back after so long. */
const INTERVAL_MS = 10_000;
/** A message of the API server in the log. */
const MESSAGE_BYTES = 500;

/**
 * Brings the pack into the cluster by server-side apply, and keeps it there: what it holds is written, what left it goes, and what
 * somebody else has changed stays as they want it. One replica does it for all.
 */
export function createPackInstaller({ client, resources, announce, logger }: PackInstallerDeps, pack: Pack): Job {
  /** By name: the version of the rule that is as it should be, or that cannot be made so. */
  const settled = new Map<string, string>();
  /** What was said, so that it is said once. */
  const said = new Set<string>();
  let seen: readonly RuleResource[] | undefined;
  const fault = createLastingFault(logger, {
    begins: 'installing the rule pack is failing',
    ends: 'rule pack is installed',
  });

  async function install(): Promise<void> {
    const now = resources();
    if (now === undefined || now === seen) return;
    const plan = planPack(pack.rules, now, pack.isWhole);
    const existing = new Map(now.map((resource) => [resource.name, resource]));
    const apply = [...plan.apply].filter(([name]) => settled.get(name) !== versionOf(existing.get(name)));
    const ids = await announce([
      ...apply.map(([name]): OwnChange => ({ verb: 'patch', name })),
      ...plan.remove.map(({ name }): OwnChange => ({ verb: 'delete', name })),
    ]);
    let isDone = true;
    let applied = 0;
    for (const [index, [name, object]] of apply.entries()) {
      const answer = await client.call(applyCall(name, object, ids[index]));
      if (answer.kind === 'ok') {
        applied += 1;
        settled.set(name, versionOf(toRuleResource(answer.body)));
      } else if (answer.reason === 'Conflict' || answer.reason === 'NotFound') {
        // Somebody was faster, or has deleted it: the next turn sees what they did.
        isDone = false;
      } else {
        settled.set(name, versionOf(existing.get(name)));
        logger.warn('a rule of the pack does not fit what others have set of it, and stays as it is', {
          rule: name,
          error: excerpt(answer.message, MESSAGE_BYTES),
        });
      }
    }
    for (const [index, rule] of plan.remove.entries()) {
      const answer = await client.call(removeCall(rule, ids[apply.length + index]));
      if (answer.kind === 'ok') logger.info('a rule that left the pack is removed', { rule: rule.name });
      else if (answer.reason === 'Conflict') isDone = false;
    }
    for (const rule of plan.left) once('a rule that left the pack stays, because others have changed it', rule);
    for (const rule of plan.taken) once('a rule of the pack is left out: somebody else has made one of its name', rule);
    if (applied > 0) logger.info('rules of the pack are applied', { rules: applied });
    if (isDone) seen = now;
  }

  function once(what: string, rule: string): void {
    if (said.has(rule)) return;
    said.add(rule);
    logger.info(what, { rule });
  }

  return createPeriodicJob(INTERVAL_MS, () => fault.during(install));
}

/** With no force: a field that somebody has set since is not taken from them, but a conflict. */
function applyCall(name: string, object: object, auditID = ''): ApiCall {
  return {
    method: 'PATCH',
    path: `${RULES_PATH}/${encodeURIComponent(name)}?fieldManager=${FIELD_MANAGER}`,
    contentType: 'application/apply-patch+yaml',
    body: object,
    auditID,
    expect: ['Conflict', 'Invalid', 'NotFound'],
  };
}

/** Only as it was looked at: who changes it in between keeps it. */
function removeCall({ name, uid, value }: RuleResource, auditID = ''): ApiCall {
  const { resourceVersion } = (value as { readonly metadata: { readonly resourceVersion?: string } }).metadata;
  return {
    method: 'DELETE',
    path: `${RULES_PATH}/${encodeURIComponent(name)}`,
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } },
    auditID,
    expect: ['Conflict', 'NotFound'],
  };
}

/** What of a rule applying it may change; a status is no part of it. Empty for one that is not there. */
function versionOf(rule: RuleResource | undefined): string {
  if (rule === undefined) return '';
  const { labels } = (rule.value as { readonly metadata: { readonly labels?: unknown } }).metadata;
  return JSON.stringify([rule.uid, rule.generation, labels]);
}
