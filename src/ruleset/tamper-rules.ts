import type { RuleDocument } from '../rules/document.ts';
import { RESERVED_RULE_NAMES } from '../rules/rule-name.ts';
import { parseDetectionRule, RULE_API_VERSION, RULE_KIND } from '../rules/rule-schema.ts';
import { anyOf } from './kql-words.ts';
import { WRITES, writesIn, writesOfAccess, writesOfDefinitions, writesOfWideReach } from './tamper-scope.ts';

/** Which objects of a cluster belong to firstseen, and who may change them. `*` in a name stands for any text. */
export interface TamperTargets {
  /** firstseen's namespace; everything in it counts. Without it the rules cover cluster-scoped resources only. */
  readonly namespace: string | undefined;
  /** Its cluster-scoped objects, such as cluster roles. At least one. */
  readonly names: readonly string[];
  /** Users whose changes are allowed, by the user name that the API server authenticated. */
  readonly identities: readonly string[];
}

const FIRSTSEEN = 'kubernetes.audit.objectRef.apiGroup: firstseen.dev';
const ALERTS = `${FIRSTSEEN} and kubernetes.audit.objectRef.resource: alerts`;
const ITSELF = 'not kubernetes.audit.objectRef.subresource: *';
const STATUS = 'kubernetes.audit.objectRef.subresource: status';

/**
 * A client that calls itself Helm: only a hint, since every client can. Helm neither deletes nor scales these objects; it
 * only deletes the oldest of its release Secrets.
 */
const HELM =
  '(user_agent.original: Helm/* and not kubernetes.audit.objectRef.subresource: * and (kubernetes.audit.verb: (create or update or patch)' +
  ' or (kubernetes.audit.verb: delete and kubernetes.audit.objectRef.resource: secrets and kubernetes.audit.objectRef.name: sh.helm.release.v1.*)))';

/** The fields of an alert's status that firstseen owns: all but the phase. */
const OWN_STATUS = ['count', 'firstSeen', 'lastSeen', 'evidence', 'overflow', 'conditions'];
const SETS_OWN_STATUS = `(${OWN_STATUS.map((field) => `kubernetes.audit.requestObject.status.${field}: *`).join(' or ')})`;
/** A body that sets only the phase. KQL cannot see a null in it; firstseen restores what a null removes. */
const SETS_PHASE_ALONE =
  `((kubernetes.audit.requestObject.status.phase: * and not ${SETS_OWN_STATUS})` +
  ` or (kubernetes.audit.requestObject.path: /status/phase and not ${anyOf('kubernetes.audit.requestObject.path', [
    '/status',
    ...OWN_STATUS.map((field) => `/status/${field}*`),
  ])}))`;
const UNRECORDED = 'kubernetes.audit.level: Metadata';
const PROGRAMS = anyOf('user.name', ['system:serviceaccount:*', 'system:node:*']);

const IMPAIR_DEFENSES = {
  tactic: { id: 'TA0005', name: 'Defense Evasion' },
  technique: { id: 'T1562.001', name: 'Impair Defenses: Disable or Modify Tools' },
};

const TRIAGE = [
  '1. Who did it, from where, with which client? Ask them: changes of firstseen are rare, and somebody knows about them.',
  '2. What changed? Compare the object with version control, or with the values of the Helm release.',
  '3. What came next? An attacker disables detection before the actual attack. Search the audit log for this user.',
  '4. If it was not intended: restore the object (helm upgrade, or your GitOps tool), and revoke the rights of that user.',
  '5. If this user may make such changes, add the user to tamper.identities in the configuration.',
].join('\n');

/**
 * The rules about firstseen itself. They are part of the program: no DetectionRule, file or exception can replace them,
 * switch them off, or narrow them. A change that was rejected, or was a dry run, does not count.
 */
export function tamperRules({ namespace, names, identities }: TamperTargets): readonly RuleDocument[] {
  const ours = anyOf('kubernetes.audit.objectRef.name', names);
  const others = identities.length === 0 ? '' : ` and not ${anyOf('user.name', identities)}`;
  const done = `firstseen.carriedOut: (yes or unknown)${others}`;
  const definitions = `(${writesOfDefinitions()})`;
  const access = `(${writesOfAccess(namespace, ours)})`;
  const workload = namespace === undefined ? undefined : `(${writesIn(namespace, ours)})`;
  const installed = [definitions, access, ...(workload === undefined ? [] : [workload])];
  return [
    tamperRule('alerts', {
      title: 'An alert was forged, deleted or rewritten',
      description:
        'An Alert was made or deleted by somebody other than firstseen, or something of it was written that is not the phase. To acknowledge or close one is a change of its phase, and is not meant.',
      query:
        `${ALERTS} and ${done} and ((${WRITES} and ${ITSELF}) or (${STATUS} and kubernetes.audit.verb: (update or patch)` +
        ` and not ${SETS_PHASE_ALONE} and (not ${UNRECORDED} or kubernetes.audit.verb: update or firstseen.truncated: true or ${PROGRAMS})))`,
    }),
    tamperRule('status', {
      title: 'The status of an alert was written by somebody new',
      description:
        'Somebody who has not done so before has written the status of an Alert, and the audit policy does not record what of it. It may be the phase, which is for people to set, or a count and evidence that are not true. firstseen sets right what is not the phase.',
      severity: 'medium',
      type: 'new_terms',
      newTerms: { fields: ['user.name'], window: '90d' },
      query: `${ALERTS} and ${STATUS} and kubernetes.audit.verb: patch and ${UNRECORDED} and not firstseen.truncated: true and not ${PROGRAMS} and ${done}`,
    }),
    tamperRule('rules', {
      title: 'A rule or an exception was changed',
      description:
        'A user who is not in tamper.identities created, changed or deleted a DetectionRule or a RuleException, possibly to hide a later step.',
      query: `${WRITES} and ${FIRSTSEEN} and kubernetes.audit.objectRef.resource: (detectionrules or ruleexceptions) and ${done}`,
    }),
    tamperRule('definitions', {
      title: 'The resource definitions of firstseen were changed',
      description:
        'A CustomResourceDefinition or the APIService of firstseen was written or deleted. With it go all alerts, rules or exceptions that the cluster holds.',
      query: `${definitions} and not ${HELM} and ${done}`,
    }),
    tamperRule('access', {
      title: 'The rights around firstseen were changed',
      description:
        'A role or a binding of firstseen or in its namespace was written or deleted, somebody was given a role that may change rules, exceptions or alerts, or an admission webhook or policy was written that decides about them.',
      query: `${access} and not ${HELM} and ${done}`,
    }),
    ...(workload === undefined
      ? []
      : [
          tamperRule('workload', {
            title: 'firstseen itself was changed',
            description:
              'Something in the namespace of firstseen was changed or deleted, or the namespace: a pod or what makes its pods, a Secret, a ConfigMap, the ways to it, what limits it, a token of an account there. Scaled to nothing, walled in, or without its certificates, it sees no more.',
            query: `${workload} and not ${HELM} and ${done}`,
          }),
        ]),
    tamperRule('reach', {
      title: 'What can shut firstseen out was changed by somebody new',
      description:
        'Somebody who has not done so before has written what decides over the whole cluster, firstseen included: an admission webhook or policy, a flow schema, a network policy for all namespaces; or a cluster role binding of which the audit log does not say whose role it grants.',
      severity: 'medium',
      type: 'new_terms',
      newTerms: { fields: ['user.name', 'kubernetes.audit.objectRef.resource'], window: '90d' },
      query: `${writesOfWideReach()} and not ${access} and ${done}`,
    }),
    tamperRule('helm', {
      title: 'firstseen was changed with Helm by somebody new',
      description:
        'A user changed the installation of firstseen with Helm for the first time. Helm acts as the user who runs it, and any client can claim to be Helm, so the first change by each user raises an alert.',
      type: 'new_terms',
      newTerms: { fields: ['user.name'], window: '90d', learning: { until: '24h' } },
      query: `${HELM} and (${installed.join(' or ')}) and ${done}`,
    }),
  ];
}

function tamperRule(name: string, spec: object): RuleDocument {
  const parsed = parseDetectionRule({
    apiVersion: RULE_API_VERSION,
    kind: RULE_KIND,
    // No user may write a rule under its name.
    metadata: { name },
    spec: {
      type: 'query',
      severity: 'high',
      threat: [IMPAIR_DEFENSES],
      falsePositives: ['An operator of firstseen who is not in tamper.identities.'],
      triage: TRIAGE,
      tags: ['tamper', 'defense-evasion'],
      ...spec,
    },
  });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return { ...parsed.document, name: RESERVED_RULE_NAMES + name };
}
