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

/** The rules that the cluster should have. */
export interface Pack {
  readonly rules: readonly RuleDocument[];
  /** False if parts of the pack could not be read: then no rule counts as removed from it. */
  readonly isWhole: boolean;
}

export interface PackInstallerDeps {
  readonly client: Pick<KubernetesClient, 'call'>;
  /** All DetectionRules with their managed fields; the same list until one changes. Undefined until they are loaded. */
  readonly resources: () => readonly RuleResource[] | undefined;
  /** Announces changes, and returns an Audit-ID for each; see `OwnChanges`. */
  readonly announce: (changes: readonly OwnChange[]) => Promise<readonly string[]>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** How soon a deleted rule of the pack is restored. */
const INTERVAL_MS = 10_000;
/** Bound of an API server's message in the log. */
const MESSAGE_BYTES = 500;

/**
 * Installs the pack in the cluster by server-side apply and keeps it there: it writes the rules of the pack, deletes
 * those that left it, and does not touch what others have changed. One replica does it for all.
 */
export function createPackInstaller({ client, resources, announce, logger }: PackInstallerDeps, pack: Pack): Job {
  /** By name: the version of the rule that is right, or that cannot be made right. */
  const settled = new Map<string, string>();
  /** Messages already logged, so that each is logged once. */
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
        // Somebody was faster, or has deleted the rule: the next round sees that.
        isDone = false;
      } else {
        settled.set(name, versionOf(existing.get(name)));
        logger.warn('pack rule not applied: it conflicts with fields that others have set', {
          rule: name,
          error: excerpt(answer.message, MESSAGE_BYTES),
        });
      }
    }
    for (const [index, rule] of plan.remove.entries()) {
      const answer = await client.call(removeCall(rule, ids[apply.length + index]));
      if (answer.kind === 'ok') logger.info('pack rule removed: it is no longer in the pack', { rule: rule.name });
      else if (answer.reason === 'Conflict') isDone = false;
    }
    for (const rule of plan.left)
      once('pack rule kept although it is no longer in the pack: others have changed it', rule);
    for (const rule of plan.taken) once('pack rule not installed: somebody else has a rule of its name', rule);
    if (applied > 0) logger.info('pack rules applied', { rules: applied });
    if (isDone) seen = now;
  }

  function once(what: string, rule: string): void {
    if (said.has(rule)) return;
    said.add(rule);
    logger.info(what, { rule });
  }

  return createPeriodicJob(INTERVAL_MS, () => fault.during(install));
}

/** Without force: a field that somebody has set since causes a conflict instead of being overwritten. */
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

/** Only in the version that was read: a change in between prevents the deletion. */
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

/** The parts of a rule that applying it may change, without the status. Empty for a missing rule. */
function versionOf(rule: RuleResource | undefined): string {
  if (rule === undefined) return '';
  const { labels } = (rule.value as { readonly metadata: { readonly labels?: unknown } }).metadata;
  return JSON.stringify([rule.uid, rule.generation, labels]);
}
