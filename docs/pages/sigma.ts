import { parse } from 'yaml';
import { SIGMA_FIELDS } from '../../src/rules/import/sigma/field-mapping.ts';
import { importSigma } from '../../src/rules/import/sigma/import-sigma.ts';
import { SIGMA_LEVELS } from '../../src/rules/import/sigma/metadata.ts';
import { SIGMA_MODIFIERS } from '../../src/rules/import/sigma/modifiers.ts';
import { code, type Page, page, table } from './page.ts';

/** What of a Sigma document becomes what of a DetectionRule; what is not here is told in a note of the rule. */
const METADATA: readonly (readonly [sigma: string, rule: string])[] = [
  ['file name, or `title`', '`metadata.name`'],
  ['`title`, `description`, `id`, `references`', 'the same'],
  ['`falsepositives`', '`falsePositives`'],
  ['`level`', '`severity`, `riskScore`; see below'],
  ['`status`', '`enabled: false` for `deprecated` and `unsupported`'],
  ['`tags`', '`threat` for `attack.…`, and `tags`'],
  ['`author`, `date`, `license`, `related`, `fields`', 'lines of `triage`'],
  ['`logsource`', 'must be `product: kubernetes`, `service: audit`; anything else needs other data'],
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
    'Sigma rules and correlations for `product: kubernetes, service: audit` load from YAML files, beside DetectionRules. Each becomes a [DetectionRule](rule-document.md) whose query is ' +
      '[EQL](query-languages.md); `firstseen rules import` writes it, `firstseen rules explain` says what it means. As in Sigma, texts compare without letter case, and `*` and `?` are wildcards.',
    '## An example',
    `\`\`\`yaml\n${EXAMPLE}\`\`\``,
    'becomes',
    `\`\`\`\n${queryOf(EXAMPLE)}\n\`\`\``,
    '## Fields',
    `Any other path into the event, such as \`requestObject.spec.hostPID\`, becomes ${code('kubernetes.audit.')} and the path; names of the Elastic Common Schema stay as they are.`,
    table(
      ['in Sigma', 'here', 'what it holds'],
      present.map(({ name, field, doc, addresses }) => [
        code(name),
        `${code(field)}${addresses === undefined ? '' : `; with \`cidr\` ${code(addresses)}`}`,
        doc,
      ]),
    ),
    'Rules in circulation name these too, and no audit event has them: such a rule loads, and `rules check` says that it can never fire.',
    table(
      ['in Sigma', 'what its author may have meant'],
      absent.map(({ name, meant }) => [code(name), code(meant ?? '')]),
    ),
    '## Modifiers',
    table(
      ['modifier', 'what it does'],
      supported.map(({ name, doc }) => [code(name), doc]),
    ),
    'Refused by name, with the rule that has one:',
    table(
      ['modifier', 'why'],
      refused.map(({ name, doc }) => [code(name), doc]),
    ),
    '## Conditions',
    '`and`, `or`, `not`, parentheses, `1 of them`, `all of them`, `1 of name*`, `all of name*`. Keywords (a list without field names) are looked for in the whole event (`event.original`).',
    '## Levels',
    table(
      ['level', 'severity', 'risk score'],
      SIGMA_LEVELS.map(({ level, severity, riskScore }) => [code(level), code(severity), String(riskScore)]),
    ),
    '`informational` is a building block: recorded and logged, and shown to nobody. Without a level a rule is `low`, and a correlation what the highest of its rules is.',
    '## Correlations',
    table(['type', 'becomes'], CORRELATIONS),
    'The rules that a correlation names may stand in other files of the same load. Unless it says `generate: true` they raise no alerts of their own. Refused by name: counts that have to stay below a number or to be exactly it (`lt`, `lte`, `eq`), averages, sums, medians and percentiles of values, temporal conditions other than all rules, correlations of correlations.',
    '## Filters',
    'A filter (`filter` with `rules`: `any`, names or ids) is one more condition of its rules, whose notes name it. Its condition begins with `not`; one that does not is refused, because it is read in two ways.',
    '## The rest of a document',
    table(['in Sigma', 'becomes'], METADATA),
  );
}

function queryOf(text: string): string {
  const [result] = importSigma([{ value: parse(text) }]);
  if (result?.kind !== 'document') throw new Error(`the example does not load: ${JSON.stringify(result)}`);
  return result.document.query.trimEnd();
}
