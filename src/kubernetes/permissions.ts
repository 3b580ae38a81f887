import { OBJECT_KINDS } from './object-kinds.ts';
import type { KubernetesOptions } from './options.ts';

/** A right that firstseen needs, in RBAC terms. */
export interface Permission {
  readonly verb: string;
  /** '' for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** True if it is needed only in firstseen's own namespace. */
  readonly ownNamespace?: true;
  /** What fails without it. */
  readonly need: string;
}

const NO_LABELS = 'rules and exceptions see no namespace labels';

/** Every right that firstseen uses with these options, and no other. The chart's roles match (a test compares them). */
export function requiredPermissions({
  alerts,
  events,
  namespaceLabels,
}: Pick<KubernetesOptions, 'alerts' | 'events' | 'namespaceLabels'>): readonly Permission[] {
  const ofAlerts = { group: 'firstseen.dev', resource: 'alerts' };
  const ofRules = { group: 'firstseen.dev', resource: 'detectionrules' };
  const ofExceptions = { group: 'firstseen.dev', resource: 'ruleexceptions' };
  const ofLists = { group: '', resource: 'configmaps', ownNamespace: true } as const;
  const lookedUp = [...OBJECT_KINDS].filter(([, { lookUp }]) => lookUp);
  return [
    ...(alerts.enabled
      ? [
          { ...ofAlerts, verb: 'get', need: 'firstseen cannot read alerts back' },
          { ...ofAlerts, verb: 'list', need: 'firstseen does not see that users close alerts' },
          { ...ofAlerts, verb: 'watch', need: 'firstseen does not see that users close alerts' },
          { ...ofAlerts, verb: 'create', need: 'firstseen writes no alerts' },
          { ...ofAlerts, verb: 'delete', need: 'old alerts are never deleted' },
          { ...ofAlerts, subresource: 'status', verb: 'patch', need: 'alerts have no count, times or evidence' },
        ]
      : []),
    { ...ofRules, verb: 'list', need: 'the rules in the cluster do not run' },
    { ...ofRules, verb: 'watch', need: 'changes of rules in the cluster have no effect' },
    { ...ofRules, verb: 'create', need: 'the rules of the pack are not installed in the cluster' },
    { ...ofRules, verb: 'patch', need: 'an upgrade does not update the rules of the pack' },
    { ...ofRules, verb: 'delete', need: 'rules that left the pack keep running' },
    {
      ...ofRules,
      subresource: 'status',
      verb: 'patch',
      need: 'kubectl get detectionrules does not show the status of rules',
    },
    { ...ofExceptions, verb: 'list', need: 'the exceptions in the cluster silence nothing' },
    { ...ofExceptions, verb: 'watch', need: 'changes of exceptions in the cluster have no effect' },
    {
      ...ofExceptions,
      subresource: 'status',
      verb: 'patch',
      need: 'kubectl get ruleexceptions does not show the status of exceptions',
    },
    { ...ofLists, verb: 'list', need: 'exceptions with a list in a ConfigMap silence nothing' },
    { ...ofLists, verb: 'watch', need: 'changes of a list in a ConfigMap have no effect' },
    ...(namespaceLabels.enabled
      ? ['list', 'watch'].map((verb) => ({ verb, group: '', resource: 'namespaces', need: NO_LABELS }))
      : []),
    ...(events.enabled
      ? [{ group: 'events.k8s.io', resource: 'events', verb: 'create', need: 'firstseen writes no Kubernetes Events' }]
      : []),
    ...(events.enabled && events.lookUp
      ? lookedUp.map(([name, { group }]) => ({
          group,
          resource: name.split('.', 1)[0] ?? name,
          verb: 'get',
          need: 'kubectl describe does not show the Events about such objects',
        }))
      : []),
  ];
}

/** In kubectl's form: `patch alerts.firstseen.dev/status`. */
export function permissionName(permission: Permission): string {
  const where = permission.ownNamespace === true ? ' in its own namespace' : '';
  return `${permission.verb} ${resourceName(permission)}${where}`;
}

/** As an argument of kubectl: `alerts.firstseen.dev/status`. */
export function resourceName({ group, resource, subresource }: Permission): string {
  return `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}
