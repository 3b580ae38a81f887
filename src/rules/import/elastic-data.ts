import { quoteName } from '../document-problem.ts';
import { indexKind, mentionsAudit } from './audit-index.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * The data that a rule reads, and whether it needs all of it: a sequence or a join does, a query may match in one index
 * alone.
 */
interface Sources {
  readonly patterns: readonly string[];
  readonly path: readonly string[];
  readonly joins: boolean;
}

/** Why a rule cannot run on audit events: it reads other indices, or does not say that it reads audit events. */
export function dataReasons(rule: Values): readonly UnsupportedReason[] {
  const { patterns, path, joins } = sourcesOf(rule);
  const others = patterns.filter((pattern) => indexKind(pattern) === 'other');
  const named = patterns.some((pattern) => indexKind(pattern) === 'audit');
  const speaks = named || mentionsAudit(queryOf(rule));
  const readable = patterns.length === 0 || others.length < patterns.length;
  if (speaks && readable && !(joins && others.length > 0)) return [];
  const view = typeof rule.data_view_id === 'string' ? `data view ${rule.data_view_id}` : 'the default indices';
  const name = quoteName(others.length > 0 ? others.join(', ') : patterns.length > 0 ? patterns.join(', ') : view);
  const message = `needs other data: ${name}; firstseen has Kubernetes audit events only`;
  const hint = 'if the rule is about audit events, set its index to logs-kubernetes.audit_logs-*';
  return [{ kind: 'data', name, message, path, ...(others.length === 0 && { hint }) }];
}

/** The data that a running rule reads in Elastic but not here. */
export function unreadData(rule: Values): string | undefined {
  const others = sourcesOf(rule).patterns.filter((pattern) => indexKind(pattern) === 'other');
  return others.length === 0 ? undefined : `only audit events are read, not ${quoteName(others.join(', '))}`;
}

function sourcesOf(rule: Values): Sources {
  if (rule.type === 'esql') {
    return { patterns: esqlIndices(queryOf(rule)), path: ['query'], joins: true };
  }
  const { index } = rule;
  const patterns = Array.isArray(index) ? index : typeof index === 'string' ? [index] : [];
  return {
    patterns: patterns.filter((pattern) => typeof pattern === 'string' && !pattern.startsWith('-')),
    path: rule.index === undefined && typeof rule.data_view_id === 'string' ? ['data_view_id'] : ['index'],
    joins: rule.type === 'eql' ? isSequence(queryOf(rule)) : !SINGLE_EVENT_TYPES.has(rule.type),
  };
}

/** Rules of these types look at one event, or at several of one kind. */
const SINGLE_EVENT_TYPES: ReadonlySet<unknown> = new Set(['query', 'saved_query', 'new_terms', 'threshold']);

function isSequence(query: string): boolean {
  return /^(?:\s|\/\/[^\n]*\n|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*(?:sequence|sample|join)\b/.test(query);
}

/** The indices of FROM, which begins an ES|QL query. */
function esqlIndices(query: string): readonly string[] {
  const [, from = ''] = /^\s*from\s+([^|]*)/i.exec(query) ?? [];
  const [names = ''] = from.split(/\smetadata\s/i);
  return names
    .split(',')
    .map((name) => name.trim().replace(/^"+|"+$/g, ''))
    .filter((name) => name !== '' && !name.startsWith('-'));
}

function queryOf({ query }: Values): string {
  return typeof query === 'string' ? query : '';
}
