import { resolveField } from '../../ecs/fields.ts';
import { describeValue, quoteName } from '../document-problem.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

/**
 * Every setting that a rule of Elastic's may have, by what becomes of it here. A setting that is in none of these lists makes
 * the rule unsupported: it might narrow or widen what matches.
 */

/** Read by the import itself. */
const MAPPED = [
  'alert_suppression',
  'building_block_type',
  'data_view_id',
  'description',
  'enabled',
  'exceptions_list',
  'false_positives',
  'filters',
  'from',
  'history_window_start',
  'index',
  'interval',
  'language',
  'max_signals',
  'name',
  'new_terms',
  'new_terms_fields',
  'note',
  'query',
  'references',
  'risk_score',
  'risk_score_mapping',
  'rule_id',
  'rule_name_override',
  'setup',
  'severity',
  'severity_mapping',
  'tags',
  'threat',
  'threshold',
  'timestamp_override',
  'timestamp_override_fallback_disabled',
  'type',
  'version',
];

/** About the rule and its keeping in Kibana, or about how Elasticsearch searches. */
const WITHOUT_EFFECT = [
  'author',
  'created_at',
  'created_by',
  'execution_summary',
  'id',
  'immutable',
  'investigation_fields',
  'last_run',
  'license',
  'meta',
  'namespace',
  'outcome',
  'output_index',
  'related_integrations',
  'required_fields',
  'revision',
  'rule_source',
  'tiebreaker_field',
  'timeline_id',
  'timeline_title',
  'updated_at',
  'updated_by',
];

/** What Elastic does and firstseen does not, though the same events match: the rule loads, and the difference is stated. */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ['actions', 'notifications are configured as sinks of firstseen'],
  ['response_actions', 'firstseen does not act on hosts'],
  ['throttle', 'notifications are configured as sinks of firstseen'],
  ['to', 'an event is evaluated as it arrives'],
]);

/** What decides which events match, and cannot be honoured; and what to do instead. */
const REFUSED: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  [
    'saved_id',
    ['a saved query', 'open the rule in Kibana, switch off that it loads the saved query, and export it again'],
  ],
  [
    'event_category_override',
    ['another field for the category of an event', 'name the field in the query: any where …'],
  ],
]);

/** What Elastic takes for the setting when it is absent: setting it so says nothing. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['throttle', 'no_actions'],
  ['to', 'now'],
  ['event_category_override', 'event.category'],
]);

const QUIET: ReadonlySet<string> = new Set([...MAPPED, ...WITHOUT_EFFECT]);

/** The settings that name the time which counts: for a rule, and for the order of a sequence. */
const TIME_SETTINGS: ReadonlySet<string> = new Set(['timestamp_override', 'timestamp_field']);
/** Of any event one of these is the time at which firstseen judges it. */
const OWN_TIMES: ReadonlySet<unknown> = new Set(['@timestamp', 'event.ingested']);

export interface SettingsVerdict {
  /** Settings without which the rule loads, and which then make a difference. */
  readonly differences: readonly string[];
  /** Settings for which the rule is refused. */
  readonly refused: readonly UnsupportedReason[];
}

/** What becomes of the settings of a rule that are not mapped. A setting that is empty or at its default counts as absent. */
export function judgeSettings(rule: Readonly<Record<string, unknown>>): SettingsVerdict {
  const differences: string[] = [];
  const refused: UnsupportedReason[] = [];
  const refuse = (name: string, message: string, hint?: string): void => {
    refused.push({ kind: 'setting', name, message, path: [name], ...(hint !== undefined && { hint }) });
  };
  for (const [name, value] of Object.entries(rule)) {
    if (isEmpty(value) || value === DEFAULTS.get(name)) continue;
    const instead = NOT_DONE.get(name);
    const [what, hint] = REFUSED.get(name) ?? [];
    if (TIME_SETTINGS.has(name)) {
      if (OWN_TIMES.has(value)) continue;
      const time = typeof value === 'string' ? resolveField(value) : undefined;
      if (time?.type === 'date') differences.push(`${name} is not applied: the time of an event is @timestamp here`);
      else if (rule.timestamp_override_fallback_disabled === true || typeof value !== 'string') {
        refuse(name, `${name} ${describeValue(value)} cannot be honoured: no audit event has such a time`);
      }
    } else if (instead !== undefined) differences.push(`${name} is not applied: ${instead}`);
    else if (what !== undefined) refuse(name, `${what} (${name}) cannot be honoured by this version`, hint);
    else if (!QUIET.has(name)) refuse(name, `the setting ${quoteName(name)} is not known here`);
  }
  return { differences, refused };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0;
}
