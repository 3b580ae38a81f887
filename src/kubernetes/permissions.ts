import { OBJECT_KINDS } from './object-kinds.ts';
import type { KubernetesOptions } from './options.ts';

/** One thing that firstseen has to be allowed to do, in the words of RBAC. */
export interface Permission {
  readonly verb: string;
  /** '' for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** True if it is needed in firstseen's own namespace alone. */
  readonly ownNamespace?: true;
  /** What is lost without it. */
  readonly need: string;
}

const NO_LABELS = 'rules and exceptions see no labels of namespaces';

/** Every right that firstseen uses under these options, and no other: the chart's roles grant exactly these (a test compares the two). */
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
          { ...ofAlerts, verb: 'get', need: 'alerts are not read back' },
          { ...ofAlerts, verb: 'list', need: 'alerts that people close are not noticed' },
          { ...ofAlerts, verb: 'watch', need: 'alerts that people close are not noticed' },
          { ...ofAlerts, verb: 'create', need: 'no alert is written' },
          { ...ofAlerts, verb: 'delete', need: 'old alerts stay for ever' },
          { ...ofAlerts, subresource: 'status', verb: 'patch', need: 'alerts stay without count, times and evidence' },
        ]
      : []),
    { ...ofRules, verb: 'list', need: 'the rules in the cluster do not run' },
    { ...ofRules, verb: 'watch', need: 'a rule that is changed in the cluster runs as it was' },
    { ...ofRules, verb: 'create', need: 'the rules of the pack are not there to be tuned' },
    { ...ofRules, verb: 'patch', need: 'the rules of the pack stay as they were before an upgrade' },
    { ...ofRules, verb: 'delete', need: 'a rule that has left the pack runs for ever' },
    { ...ofRules, subresource: 'status', verb: 'patch', need: 'kubectl get detectionrules does not show what works' },
    { ...ofExceptions, verb: 'list', need: 'the exceptions in the cluster silence nothing' },
    { ...ofExceptions, verb: 'watch', need: 'an exception that is changed in the cluster works as it did' },
    {
      ...ofExceptions,
      subresource: 'status',
      verb: 'patch',
      need: 'kubectl get ruleexceptions does not show what works',
    },
    { ...ofLists, verb: 'list', need: 'exceptions with a list in a ConfigMap silence nothing' },
    { ...ofLists, verb: 'watch', need: 'a list that is changed in its ConfigMap stays as it was' },
    ...(namespaceLabels.enabled
      ? ['list', 'watch'].map((verb) => ({ verb, group: '', resource: 'namespaces', need: NO_LABELS }))
      : []),
    ...(events.enabled
      ? [{ group: 'events.k8s.io', resource: 'events', verb: 'create', need: 'no Kubernetes Event is written' }]
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

/** As kubectl writes it: `patch alerts.firstseen.dev/status`. */
export function permissionName(permission: Permission): string {
  const where = permission.ownNamespace === true ? ' in its own namespace' : '';
  return `${permission.verb} ${resourceName(permission)}${where}`;
}

/** As kubectl takes it: `alerts.firstseen.dev/status`. */
export function resourceName({ group, resource, subresource }: Permission): string {
  return `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}
