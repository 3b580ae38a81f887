import { parse } from 'yaml';
import { SIGMA_FIELDS } from '../../src/rules/import/sigma/field-mapping.ts';
import { importSigma } from '../../src/rules/import/sigma/import-sigma.ts';
import { SIGMA_LEVELS } from '../../src/rules/import/sigma/metadata.ts';
import { SIGMA_MODIFIERS } from '../../src/rules/import/sigma/modifiers.ts';
import { code, type Page, page, table } from './page.ts';

/** What each part of a Sigma document becomes in a DetectionRule; a note of the rule lists all other parts. */
const METADATA: readonly (readonly [sigma: string, rule: string])[] = [
  ['file name, or `title`', '`metadata.name`'],
  ['`title`, `description`, `id`, `references`', 'the same'],
  ['`falsepositives`', '`falsePositives`'],
  ['`level`', '`severity`, `riskScore`; see below'],
  ['`status`', '`enabled: false` if `deprecated` or `unsupported`'],
  ['`tags`', '`threat` for `attack.…`, and `tags`'],
  ['`author`, `date`, `license`, `related`, `fields`', 'lines of `triage`'],
  ['`logsource`', 'must be `product: kubernetes`, `service: audit`; any other gets the verdict needs other data'],
  ['`detection`', '`type: eql`, `query`'],
];

const CORRELATIONS: readonly (readonly [type: string, rule: string])[] = [
  ['`event_count`', '`type: threshold`: `group-by` is `field`, `condition` is `value`, `timespan` is `window`'],
  ['`value_count`', '`type: threshold` with `cardinality` of the field'],
  ['`temporal_ordered`', '`type: eql`, a sequence by `group-by` with `maxspan`'],
  ['`temporal`', 'the same with `sequenceOrder: any`'],
];

const EXAMPLE = `title: Secrets listed by a scripting client
logsource: { product: kubernetes, service: audit }
detection:
  selection:
    verb: [list, watch]
    objectRef.resource: secrets
  client:
    - userAgent|startswith: [curl/, python]
    - userAgent|contains|all: [go, http]
  known:
    user.username|startswith: 'system:serviceaccount:kube-system:'
  condition: selection and client and not known
level: medium
`;

/** How Sigma's rules are read: fields, modifiers, levels and correlations from the tables that the import goes by. */
export function sigmaPage(): Page {
  const [present, absent] = [
    SIGMA_FIELDS.filter(({ meant }) => meant === undefined),
    SIGMA_FIELDS.filter(({ meant }) => meant !== undefined),
  ];
  const supported = SIGMA_MODIFIERS.filter(({ refused }) => refused !== true);
  const refused = SIGMA_MODIFIERS.filter((row) => row.refused === true);
  return page(
    'sigma',
    'Sigma',
    'firstseen loads Sigma rules and correlations for `product: kubernetes, service: audit` from YAML files. Each becomes a [DetectionRule](rule-document.md) with a query in ' +
      '[EQL](query-languages.md); `firstseen rules import` writes it to a file, `firstseen rules explain` shows its meaning. As in Sigma, comparisons ignore letter case, and `*` and `?` are wildcards.',
    '## An example',
    `\`\`\`yaml\n${EXAMPLE}\`\`\``,
    'becomes',
    `\`\`\`text\n${queryOf(EXAMPLE)}\n\`\`\``,
    '## Fields',
    `Any other path into the event, such as \`requestObject.spec.hostPID\`, becomes ${code('kubernetes.audit.')} and the path; names of the Elastic Common Schema stay as they are.`,
    table(
      ['in Sigma', 'here', 'content'],
      present.map(({ name, field, doc, addresses }) => [
        code(name),
        `${code(field)}${addresses === undefined ? '' : `; with \`cidr\` ${code(addresses)}`}`,
        doc,
      ]),
    ),
    'Published rules also use these fields, which no audit event has. Such a rule loads but never fires; `rules check` says so.',
    table(
      ['in Sigma', 'probably meant'],
      absent.map(({ name, meant }) => [code(name), code(meant ?? '')]),
    ),
    '## Modifiers',
    table(
      ['modifier', 'effect'],
      supported.map(({ name, doc }) => [code(name), doc]),
    ),
    'A rule with one of these modifiers is refused:',
    table(
      ['modifier', 'why'],
      refused.map(({ name, doc }) => [code(name), doc]),
    ),
    '## Conditions',
    '`and`, `or`, `not`, parentheses, `1 of them`, `all of them`, `1 of name*`, `all of name*`. Keywords (a list without field names) are searched in the whole event (`event.original`).',
    '## Levels',
    table(
      ['level', 'severity', 'risk score'],
      SIGMA_LEVELS.map(({ level, severity, riskScore }) => [code(level), code(severity), String(riskScore)]),
    ),
    'An `informational` rule is a building block: recorded and logged, without an Alert resource. The default level of a rule is `low`, that of a correlation the highest of its rules.',
    '## Correlations',
    table(['type', 'becomes'], CORRELATIONS),
    'The rules of a correlation may be in other files of the same load. They raise no alerts of their own unless the correlation has `generate: true`. Refused: the conditions `lt`, `lte` and `eq`; averages, sums, medians and percentiles of values; temporal conditions other than all rules; correlations of correlations.',
    '## Filters',
    'A filter (`filter` with `rules`: `any`, names or ids) adds a condition to its rules, and a note that names it. The condition must begin with `not`; any other is refused, because it could mean to keep these events or to exclude them.',
    '## The rest of a document',
    table(['in Sigma', 'becomes'], METADATA),
  );
}

function queryOf(text: string): string {
  const [result] = importSigma([{ value: parse(text) }]);
  if (result?.kind !== 'document') throw new Error(`the example does not load: ${JSON.stringify(result)}`);
  return result.document.query.trimEnd();
}
