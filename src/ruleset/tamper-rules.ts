import type { RuleDocument } from '../rules/document.ts';
import { RESERVED_RULE_NAMES } from '../rules/rule-name.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../rules/rule-schema.ts';

/** What of a cluster is firstseen, and who may change it. Names are patterns: `*` stands for any text. */
export interface TamperTargets {
  /** Where firstseen is installed; without it only resources of the whole cluster are looked at. */
  readonly namespace: string | undefined;
  /** Its objects, there and beside namespaces. At least one. */
  readonly names: readonly string[];
  /** Users whose changes are in order, as the API server authenticated them. */
  readonly identities: readonly string[];
}

/** The roles for people that the chart makes, whatever the name of the release. */
const USER_ROLES = ['firstseen-view', 'firstseen-responder', 'firstseen-author'];

const WRITES = 'kubernetes.audit.verb: (create or update or patch or delete or deletecollection)';
const DELETES = 'kubernetes.audit.verb: (delete or deletecollection)';
const FIRSTSEEN = 'kubernetes.audit.objectRef.apiGroup: firstseen.dev';
/** What controllers write all day is a status, and it is a subresource. */
const ITSELF = 'not kubernetes.audit.objectRef.subresource: *';
/** Where nobody knows it was done: whoever writes can have an error for an answer. */
const CARRIED_OUT = 'firstseen.carriedOut: (yes or unknown)';
/** Who calls itself Helm says so itself: it is never more than a hint, and Helm has no need to delete or to scale. */
const HELM =
  '(user_agent.original: Helm/* and kubernetes.audit.verb: (create or update or patch) and not kubernetes.audit.objectRef.subresource: *)';

const IMPAIR_DEFENSES = {
  tactic: { id: 'TA0005', name: 'Defense Evasion' },
  technique: { id: 'T1562.001', name: 'Impair Defenses: Disable or Modify Tools' },
};

const TRIAGE = [
  '1. Who was it, from where, with which client? Ask them: a change of firstseen is rare, and somebody knows of it.',
  '2. What is different now? Compare the object with what is in version control, or with the values of the Helm release.',
  '3. What came just after it? Whoever switches off an alarm does so for what follows. Search the audit log for this user.',
  '4. If it was not meant: put the object back (helm upgrade, or your GitOps tool), and take the rights away from that user.',
  '5. If such changes are in order for this user, name them in tamper.identities of the configuration.',
].join('\n');

/**
 * The rules about firstseen itself. They are part of the program: no DetectionRule, no file and no exception can take their place,
 * switch them off or leave anything out of them. A change that the API server refused, or only tried (dry run), is none.
 */
export function tamperRules({ namespace, names, identities }: TamperTargets): readonly RuleDocument[] {
  const ours = anyOf('kubernetes.audit.objectRef.name', names);
  const others = identities.length === 0 ? '' : `and not ${anyOf('user.name', identities)}`;
  const done = `${CARRIED_OUT} ${others}`;
  const installed = [
    `(kubernetes.audit.objectRef.resource: customresourcedefinitions and ${ITSELF} and (kubernetes.audit.objectRef.name: *.firstseen.dev or kubernetes.audit.verb: deletecollection))`,
    accessTo(namespace, names),
    ...(namespace === undefined ? [] : [workloadIn(namespace, ours)]),
  ];
  const asInstalled = (query: string) => `${WRITES} and ${query} and ${done}`;
  const [definitions = '', access = '', workload] = installed;
  return [
    tamperRule('alerts', {
      title: 'An alert was deleted or rewritten',
      description:
        'An Alert was deleted, or written beside its status, by somebody other than firstseen. To acknowledge or close one is a change of its status, and is not meant.',
      query: `kubernetes.audit.verb: (update or patch or delete or deletecollection) and ${FIRSTSEEN} and kubernetes.audit.objectRef.resource: alerts and not kubernetes.audit.objectRef.subresource: * and ${done}`,
    }),
    tamperRule('rules', {
      title: 'A rule or an exception was changed',
      description:
        'A DetectionRule or a RuleException was made, changed or deleted by somebody who is not named as one who may. It may be to keep a later step from being seen.',
      query: `${WRITES} and ${FIRSTSEEN} and kubernetes.audit.objectRef.resource: (detectionrules or ruleexceptions) and ${done}`,
    }),
    tamperRule('definitions', {
      title: 'The resource definitions of firstseen were changed',
      description:
        'A CustomResourceDefinition of firstseen was written or deleted. With it go all alerts, rules or exceptions that the cluster holds.',
      query: `${asInstalled(definitions)} and not ${HELM}`,
    }),
    tamperRule('access', {
      title: 'The rights around firstseen were changed',
      description:
        'A role or a binding of firstseen was written or deleted, or somebody was given a role that may change rules, exceptions or alerts.',
      query: `${asInstalled(access)} and not ${HELM}`,
    }),
    ...(workload === undefined
      ? []
      : [
          tamperRule('workload', {
            title: 'firstseen itself was changed',
            description:
              'The Deployment or DaemonSet of firstseen, a Secret, ConfigMap or another object that it runs on, or its namespace, was changed or deleted. Scaled to nothing, or without its certificates, it sees no more.',
            query: `${asInstalled(workload)} and not ${HELM}`,
          }),
        ]),
    tamperRule('helm', {
      title: 'firstseen was changed with Helm by somebody new',
      description:
        'Somebody who has not done so before has changed the installation of firstseen with a client that calls itself Helm. Helm acts as the user who runs it, and any client can call itself so: the first time of each user is an alert.',
      type: 'new_terms',
      newTerms: { fields: ['user.name'], window: '90d', learning: { until: '24h' } },
      query: `${HELM} and (${installed.join(' or ')}) and ${done}`,
    }),
  ];
}

function accessTo(namespace: string | undefined, names: readonly string[]): string {
  const everywhere = `(kubernetes.audit.objectRef.resource: (clusterroles or clusterrolebindings) and (${anyOf('kubernetes.audit.objectRef.name', [...names, ...USER_ROLES])} or kubernetes.audit.verb: deletecollection))`;
  const inside =
    namespace === undefined
      ? ''
      : ` or (kubernetes.audit.objectRef.resource: (roles or rolebindings) and ${anyOf('kubernetes.audit.objectRef.namespace', [namespace])} and (${anyOf('kubernetes.audit.objectRef.name', names)} or kubernetes.audit.verb: deletecollection))`;
  // firstseen-view is for everyone who may view, and grants nothing that could harm.
  const granted = `(kubernetes.audit.objectRef.resource: clusterrolebindings and kubernetes.audit.verb: (create or update or patch) and kubernetes.audit.requestObject.roleRef.name: (firstseen-responder or firstseen-author))`;
  return `(kubernetes.audit.objectRef.apiGroup: rbac.authorization.k8s.io and ${ITSELF} and (${everywhere}${inside} or ${granted}))`;
}

/** A deletion of all objects of a kind has no name. A claim is bound and grown by many controllers, and matters when it goes. */
function workloadIn(namespace: string, ours: string): string {
  const inside = anyOf('kubernetes.audit.objectRef.namespace', [namespace]);
  const itself = anyOf('kubernetes.audit.objectRef.name', [namespace]);
  const kinds =
    'deployments or daemonsets or statefulsets or services or secrets or configmaps or serviceaccounts or networkpolicies or poddisruptionbudgets';
  return (
    `((${inside} and (${ours} or kubernetes.audit.verb: deletecollection) and (` +
    `(kubernetes.audit.objectRef.resource: (${kinds}) and ${ITSELF})` +
    ' or (kubernetes.audit.objectRef.resource: (deployments or statefulsets) and kubernetes.audit.objectRef.subresource: scale)' +
    ` or (kubernetes.audit.objectRef.resource: persistentvolumeclaims and ${DELETES})))` +
    ` or (kubernetes.audit.objectRef.resource: namespaces and ${itself} and ${ITSELF} and not kubernetes.audit.verb: create))`
  );
}

function tamperRule(name: string, spec: object): RuleDocument {
  const parsed = parseDetectionRule({
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    // Under its own name nobody may write one.
    metadata: { name },
    spec: {
      type: 'query',
      severity: 'high',
      threat: [IMPAIR_DEFENSES],
      falsePositives: ['Whoever operates firstseen, and is not named in tamper.identities.'],
      triage: TRIAGE,
      tags: ['tamper', 'defense-evasion'],
      ...spec,
    },
  });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return { ...parsed.document, name: RESERVED_RULE_NAMES + name };
}

/** A condition of KQL. @param patterns at least one */
function anyOf(field: string, patterns: readonly string[]): string {
  return `${field}: (${patterns.map(toWord).join(' or ')})`;
}

/** A text as a word of KQL in which only `*` means something else than itself. */
function toWord(text: string): string {
  const word = text.replace(/[\\():<>"{} ]/g, '\\$&').replace(/[|\p{C}]|[^\S ]/gu, toEscape);
  return /^(?:and|or|not)$/i.test(word) ? `\\${word}` : word;
}

/** Each code unit of a character by its number. */
function toEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
