import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import type { Config } from '../config/schema.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { derivePolicy } from '../policy/derive-policy.ts';
import { formatPolicy } from '../policy/format-policy.ts';
import { policyCoverage } from '../policy/policy-coverage.ts';
import { createFieldSlots } from '../query/match/slots.ts';
import { parseAuditPolicy } from '../rulefiles/audit-policy-file.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { readFailure } from '../rulefiles/find-rule-files.ts';
import { compileRule } from '../rules/compile-rule.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { tamperRules } from '../ruleset/tamper-rules.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { brokenOnly, loadConfigured } from './load-rules.ts';
import { PLAIN_TABLE, trimLines } from './plain-table.ts';

const HELP = `
Without --check, prints the smallest audit policy that records every field the enabled rules read.
With --check, prints what each rule sees under your policy (full, partial or never) and why.
The built-in rules about changes to firstseen itself are always included.

Exit codes: 0 done; 1 a rule is invalid or, with --check, can never fire; 2 usage error, or a path of --rules does not
exist.

Examples:
  $ firstseen audit-policy --rules rules > audit-policy.yaml
  $ firstseen audit-policy --rules rules --kubernetes-version 1.37 --service-account security:firstseen > audit-policy.yaml
  $ firstseen audit-policy --rules rules --check /etc/kubernetes/audit-policy.yaml`;

interface Flags extends Readonly<Record<string, unknown>> {
  readonly check?: string;
  readonly kubernetesVersion?: string;
  readonly serviceAccount: string;
  readonly heartbeat?: true;
  readonly output?: 'yaml' | 'table' | 'json';
}

export function auditPolicyCommand(io: Io): Command {
  const command = new Command('audit-policy')
    .description('print the smallest audit policy for the enabled rules, or check an existing policy')
    .option('--check <file>', 'print what the rules see under this policy; - reads standard input')
    .option(
      '--kubernetes-version <version>',
      'Kubernetes version, such as 1.36 (default: a policy that every version accepts)',
    )
    .option('--service-account <namespace:name>', "firstseen's service account", 'firstseen:firstseen')
    .option('--heartbeat', 'record the heartbeat requests of firstseen, as with heartbeat.enabled')
    .addOption(
      new Option('-o, --output <format>', 'output format: yaml, or with --check table or json').choices([
        'yaml',
        'table',
        'json',
      ]),
    )
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (flags: Flags) => {
    const isCheck = flags.check !== undefined;
    if (flags.output !== undefined && isCheck === (flags.output === 'yaml'))
      throw new CommandError(
        `-o ${flags.output}: expected ${isCheck ? 'table or json with --check' : 'yaml without --check'}`,
      );
    const account = accountOf(flags.serviceAccount);
    const kubernetesMinor = minorOf(flags.kubernetesVersion);
    const config = configOf(flags, io);
    const { ready, problems } = await loadConfigured(config, io);
    const rules = ready.map(({ rule }) => rule);
    if (rules.length === 0)
      throw new CommandError('no enabled rule found; pass rule files or folders with --rules', EXIT.failed);
    // A rule that cannot run needs no events.
    if (brokenOnly(problems).length > 0)
      throw new CommandError(
        'the policy would miss events of the invalid rules; fix them or remove them from --rules',
        EXIT.failed,
      );
    // The rules about firstseen itself are always in force.
    rules.push(...tamperRulesOf(config, flags.serviceAccount));
    if (flags.check !== undefined) {
      await check(flags.check, rules, account, flags.output === 'json', io);
      return;
    }
    const derived = derivePolicy(rules, {
      account,
      heartbeat: flags.heartbeat === true || config.heartbeat.enabled,
      review: true,
      ...(kubernetesMinor === undefined ? {} : { kubernetesMinor }),
    });
    io.out(formatPolicy(derived, policyCoverage(derived.policy, rules, account)));
  });
}

function tamperRulesOf({ tamper }: Config, account: string): readonly CompiledRule[] {
  const [namespace] = account.split(':');
  const slots = createFieldSlots();
  // Users that may change firstseen are recorded too: excluding a user would hide events that other rules need.
  return tamperRules({ ...tamper, identities: [], namespace }).flatMap((document) => {
    // It is for policies that record no body of such a write; a derived policy does.
    if (document.name === 'firstseen-tamper-status') return [];
    const compiled = compileRule(document, slots, sha256Hashes);
    return compiled.kind === 'ok' ? [compiled.rule] : [];
  });
}

async function check(
  file: string,
  rules: readonly CompiledRule[],
  account: string,
  asJson: boolean,
  io: Io,
): Promise<void> {
  const parsed = parseAuditPolicy(await read(file, io), file);
  if (parsed.kind === 'invalid') {
    for (const problem of parsed.problems) io.err(`${formatFileProblem(problem)}\n`);
    throw new CommandError(
      `${file} is not a valid audit policy; fix the problems above and run the check again`,
      EXIT.usage,
    );
  }
  const coverage = policyCoverage(parsed.policy, rules, account);
  if (asJson) {
    const items = coverage.map(({ rule, verdict, reasons }) => ({ rule: rule.document.name, verdict, reasons }));
    io.out(`${JSON.stringify(items, null, 2)}\n`);
  } else {
    const table = new Table({ ...PLAIN_TABLE, head: ['RULE', 'SEES', 'WHY'] });
    for (const { rule, verdict, reasons } of coverage) {
      const [first = '', ...more] = reasons;
      table.push([rule.document.name, verdict, first]);
      for (const reason of more) table.push(['', '', reason]);
    }
    io.out(`${trimLines(table.toString())}\n`);
  }
  const never = coverage.filter(({ verdict }) => verdict === 'never').length;
  if (never > 0)
    throw new CommandError(
      `${never} of ${coverage.length} rules can never fire under ${file}; \`firstseen audit-policy\` prints a policy for them`,
      EXIT.failed,
    );
}

async function read(file: string, io: Io): Promise<string> {
  if (file === '-') return (await io.stdin.setEncoding('utf8').toArray()).join('');
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--check: ${file}: ${readFailure(error)}`);
  }
}

function accountOf(text: string): string {
  const name = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
  if (name.test(text)) return `system:serviceaccount:${text}`;
  throw new CommandError(
    `--service-account: expected a namespace and a name, such as firstseen:firstseen, found ${JSON.stringify(text)}`,
  );
}

function minorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minor = /^v?1\.(\d{1,3})(\.|$|\+)/.exec(text)?.[1];
  if (minor !== undefined) return Number(minor);
  throw new CommandError(`--kubernetes-version: expected a version such as 1.36, found ${JSON.stringify(text)}`);
}
