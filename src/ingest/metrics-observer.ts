import { excerpt } from '../audit/text.ts';
import { OUTCOMES } from '../detect/decision.ts';
import type { RuleFault } from '../detect/detector.ts';
import { createLimitedLog } from '../telemetry/limited-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { IngestObserver } from './observer.ts';
import type { Quarantine } from './quarantine.ts';

/** Counts the work of ingest, fills the quarantine, and logs what needs attention. */
export function createMetricsObserver(metrics: Metrics, quarantine: Quarantine, logger: Logger): IngestObserver {
  const limited = createLimitedLog(logger);

  function noteFaults(cluster: string, faults: readonly RuleFault[]): void {
    for (const { rule, event, error } of faults) {
      metrics.ruleErrors.inc({ rule });
      metrics.quarantined.inc({ cluster, reason: 'rule_error' });
      const auditID = excerpt(event.event.auditID ?? '', 64);
      quarantine.add({ cluster, rule, auditID: event.event.auditID, reason: 'the rule failed; the log says why' });
      limited.note('error', 'rule failed on an event', `${cluster}/${rule}`, { cluster, rule, auditID, error });
    }
  }

  return {
    decoded(cluster, events, quarantined) {
      metrics.skewedEvents.inc({ cluster }, events.filter(({ skewed }) => skewed).length);
      metrics.truncatedEvents.inc({ cluster }, events.filter(({ truncated }) => truncated).length);
      metrics.events.inc({ cluster, outcome: 'quarantined' }, quarantined.length);
      metrics.quarantined.inc({ cluster, reason: 'malformed' }, quarantined.length);
      for (const { reason, auditID } of quarantined) quarantine.add({ cluster, reason, auditID });
      const [first] = quarantined;
      if (first !== undefined) {
        limited.note('warn', 'events quarantined', cluster, { cluster, count: quarantined.length, ...first });
      }
    },

    ownWrites(cluster, count) {
      metrics.events.inc({ cluster, outcome: 'own_write' }, count);
      metrics.ownWritesDropped.inc({ cluster }, count);
    },

    late(cluster, count) {
      metrics.lateEvents.inc({ cluster }, count);
    },

    learning(cluster, count) {
      metrics.rulesLearning.set({ cluster }, count);
    },

    detected(cluster, evaluated, { matches, excepted, faults }) {
      metrics.events.inc({ cluster, outcome: 'evaluated' }, evaluated);
      for (const [{ document }, count] of matches) metrics.matches.inc({ cluster, rule: document.name }, count);
      for (const [{ document }, ofRule] of excepted) {
        const count = [...ofRule.values()].reduce((sum, one) => sum + one.count, 0);
        metrics.exceptedMatches.inc({ cluster, rule: document.name }, count);
      }
      noteFaults(cluster, faults);
    },

    settled(cluster, decisions, { outcomes, opened, termsHeld, faults }) {
      noteFaults(cluster, faults);
      for (const [index, { rule, event }] of decisions.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) continue;
        metrics.decisions.inc({ cluster, rule: rule.document.name, outcome });
        const auditID = excerpt(event.event.auditID ?? '', 64);
        logger.debug('rule decided', { cluster, rule: rule.document.name, outcome, auditID });
        if (outcome === 'opened') metrics.alertsOpened.inc({ cluster, severity: rule.document.severity });
      }
      for (const [{ document }, count] of termsHeld) metrics.termsHeld.set({ cluster, rule: document.name }, count);
      if (opened.length > 0) logger.debug('alerts opened', { cluster, alerts: opened });
    },
  };
}

/** Creates every series of a cluster and a rule at 0, so that rates include the first event. */
export function announceRules(metrics: Metrics, clusters: readonly string[], rules: readonly string[]): void {
  for (const rule of rules) metrics.ruleErrors.inc({ rule }, 0);
  for (const cluster of clusters) {
    for (const reason of ['malformed', 'rule_error']) metrics.quarantined.inc({ cluster, reason }, 0);
    metrics.lateEvents.inc({ cluster }, 0);
    metrics.skewedEvents.inc({ cluster }, 0);
    for (const rule of rules) {
      metrics.matches.inc({ cluster, rule }, 0);
      metrics.exceptedMatches.inc({ cluster, rule }, 0);
      for (const outcome of OUTCOMES) metrics.decisions.inc({ cluster, rule, outcome }, 0);
    }
  }
}
