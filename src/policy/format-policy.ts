import type { GroupResources, PolicyRule } from './audit-policy.ts';
import type { DerivedPolicy, PolicyLine } from './derive-policy.ts';
import type { RuleCoverage } from './policy-coverage.ts';

const WIDTH = 118;

const HEAD = [
  'The audit policy that the enabled rules of firstseen need, and no more. Made by `firstseen audit-policy`: make it again when rules change.',
  'kube-apiserver reads it once, when it starts (--audit-policy-file). The first rule that matches a request decides. What no rule matches is not recorded, so a rule that is added later may see nothing of it, and neither does a replay of the audit log.',
];

/**
 * A policy as YAML, with comments that say for which rules each line is there, and at its head which rules see less
 * than they look into.
 */
export function formatPolicy({ policy, lines }: DerivedPolicy, coverage: readonly RuleCoverage[]): string {
  const less = coverage.filter(({ verdict }) => verdict !== 'full');
  return [
    ...HEAD.flatMap((text) => comment(text)),
    ...(less.length === 0 ? [] : ['#', ...comment('Rules that see less under it than they look into:')]),
    ...less.flatMap(({ rule, verdict, reasons }) =>
      comment(`${rule.document.name} (${verdict}): ${reasons.join('; ')}`, '  '),
    ),
    'apiVersion: audit.k8s.io/v1',
    'kind: Policy',
    'omitManagedFields: true',
    ...(policy.omitStages.length === 0 ? [] : [`omitStages: ${list(policy.omitStages)}`]),
    'rules:',
    ...lines.flatMap((line, index) => [
      ...(sameReason(line, lines[index - 1]) ? [] : reasonOf(line)),
      ...ruleOf(line.rule, index + 1),
    ]),
    '',
  ].join('\n');
}

function reasonOf(line: PolicyLine): readonly string[] {
  return comment(textOf(line), '', '  ');
}

function sameReason(line: PolicyLine, before: PolicyLine | undefined): boolean {
  return before !== undefined && textOf(line) === textOf(before);
}

function textOf({ why, for: names, reads, rule }: PolicyLine): string {
  const rules = names.join(', ');
  switch (why) {
    case 'own':
      return 'What firstseen itself writes and follows, by user, verb and resource together: whatever else is done with its token is recorded as if it were anybody.';
    case 'excluded':
      return `Left out by ${rules}, and asked for by no other rule.`;
    case 'patch':
      return `Patches without their bodies, for ${rules}. Up to Kubernetes 1.36 a patch that is not JSON cannot be sent, and may take its whole batch along. From 1.37 on make this policy with --kubernetes-version.`;
    case 'credentials':
      return `Bodies that hold credentials stay out of the audit log, also where ${rules} would have them.`;
    case 'heartbeat':
      return 'The request by which firstseen checks that events still come.';
    case 'review':
      return 'Who acknowledges and closes alerts: firstseen says it on them.';
    case 'needed': {
      const what = reads.length === 0 ? 'metadata' : readable(reads);
      const literal = rule.level !== 'Metadata' && reads.length === 0 ? `; they ask for level ${rule.level}` : '';
      return `${rules}: ${what}${literal}.${isEverything(rule) ? ' Nothing that a policy can select by narrows this: every request.' : ''}`;
    }
  }
}

const MOST_FIELDS = 3;

function readable(fields: readonly string[]): string {
  const names = fields.map((name) => name.replace(/^kubernetes\.audit\./, ''));
  const shown = names.slice(0, MOST_FIELDS).join(', ');
  return `reads ${names.length > MOST_FIELDS ? `${shown} and ${names.length - MOST_FIELDS} more` : shown}`;
}

function isEverything({ users, userGroups, verbs, resources, namespaces, nonResourceURLs }: PolicyRule): boolean {
  return [users, userGroups, verbs, resources, namespaces, nonResourceURLs].every(({ length }) => length === 0);
}

function ruleOf(rule: PolicyRule, number: number): readonly string[] {
  const lists = (['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs', 'omitStages'] as const).flatMap(
    (key) => (rule[key].length === 0 ? [] : [`    ${key}: ${list(rule[key])}`]),
  );
  const resources = rule.resources.length === 0 ? [] : ['    resources:', ...rule.resources.flatMap(entryOf)];
  return [`  - level: ${rule.level} # ${number}`, ...lists, ...resources];
}

function entryOf({ group, resources, resourceNames }: GroupResources): readonly string[] {
  return [
    `      - group: ${scalar(group)}`,
    ...(resources.length === 0 ? [] : [`        resources: ${list(resources)}`]),
    ...(resourceNames.length === 0 ? [] : [`        resourceNames: ${list(resourceNames)}`]),
  ];
}

function list(texts: readonly string[]): string {
  return `[${texts.map(scalar).join(', ')}]`;
}

/** Plain where no reader of YAML, 1.1 or 1.2, takes it for anything but this text; else in quotes, which JSON has alike. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z/][\w./-]*$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function comment(text: string, hang = '', indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + 2 + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${hang}${word}`;
    } else {
      line = line === '' ? `${hang}${word}` : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => `${indent}# ${each}`);
}
