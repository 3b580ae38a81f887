import type { Sink } from '../alerts/sink.ts';
import { sanitise } from '../audit/text.ts';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { AlertRecord, AlertSpec } from '../detect/alert.ts';

/**
 * Writes one line of JSON when an alert opens. Later changes are only on the Alert.
 *
 * @param write receives the whole line with its line end
 */
export function createLogSink({ write }: { readonly write: (line: string) => void }): Sink {
  return {
    name: 'log',
    openingsOnly: true,
    buildingBlocks: true,
    removes: false,
    coalesceMs: 0,
    async deliver(alert) {
      if (!alert.state.removed) write(`${JSON.stringify(alertDocument(alert), sanitiseStrings)}\n`);
      return 'done';
    },
  };
}

/**
 * The alert with field names of the Elastic Common Schema and, where they exist, those of Elastic's alerts.
 *
 * https://www.elastic.co/docs/reference/security/fields-and-object-schemas/alert-schema and https://www.elastic.co/docs/reference/ecs
 */
function alertDocument({ id, spec, state }: AlertRecord): Readonly<Record<string, unknown>> {
  const { rule, request, actor } = spec;
  return {
    '@timestamp': formatTimestamp(state.firstSeen),
    message: spec.reason,
    'event.kind': 'signal',
    'event.action': request.verb,
    'event.outcome': request.decision && (request.decision === 'allow' ? 'success' : 'failure'),
    'kibana.alert.uuid': id,
    'kibana.alert.reason': spec.reason,
    'kibana.alert.workflow_status': state.phase.toLowerCase(),
    'kibana.alert.severity': spec.severity,
    'kibana.alert.risk_score': spec.riskScore,
    'kibana.alert.building_block_type': spec.buildingBlock && 'default',
    'kibana.alert.start': formatTimestamp(state.firstSeen),
    'kibana.alert.original_time': request.time,
    'kibana.alert.original_event.id': request.auditID,
    'kibana.alert.new_terms': spec.newTerms?.map(({ value }) => value),
    'kibana.alert.threshold_result': rule.type === 'threshold' ? thresholdResult(spec) : undefined,
    'kibana.alert.suppression.terms': spec.groupBy,
    'kibana.alert.suppression.docs_count': state.count - 1,
    'kibana.alert.rule.name': rule.title,
    'kibana.alert.rule.uuid': rule.name,
    'kibana.alert.rule.rule_id': rule.id,
    'kibana.alert.rule.type': rule.type,
    'kibana.alert.rule.version': rule.version,
    'kibana.alert.rule.threat': spec.threat?.map(({ tactic, technique }) => ({
      framework: 'MITRE ATT&CK',
      tactic,
      ...(technique === undefined ? {} : { technique: [technique] }),
    })),
    'user.name': actor.user,
    'user.roles': actor.groups,
    'user.effective.name': actor.impersonated,
    'user_agent.original': actor.userAgent,
    'source.ip': actor.sourceIP,
    'url.original': request.uri,
    'http.response.status_code': request.code,
    'orchestrator.type': 'kubernetes',
    'orchestrator.cluster.name': spec.cluster,
    'orchestrator.namespace': request.namespace,
    'orchestrator.resource.type': request.resource,
    'orchestrator.resource.name': request.name,
    'orchestrator.api_version': request.apiVersion,
    'firstseen.overflow': spec.overflow,
  };
}

const CARDINALITY = /^cardinality\((.*)\)$/;

/** As in Elastic's alerts: the group, the number of events, and the number of values of each counted field. */
function thresholdResult({ groupBy = [], results = [] }: AlertSpec): object {
  return {
    terms: groupBy,
    count: Number(results.find(({ field }) => field === 'count')?.value ?? 0),
    cardinality: results.flatMap(({ field, value }) => {
      const counted = CARDINALITY.exec(field)?.[1];
      return counted === undefined ? [] : [{ field: counted, value: Number(value) }];
    }),
  };
}

function sanitiseStrings(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? sanitise(value) : value;
}
