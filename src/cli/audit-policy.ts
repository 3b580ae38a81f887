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
Without --check it prints the smallest audit policy under which the enabled rules see all that they look into.
With --check it prints what each rule sees under a policy that you have: full, partial or never, and why.
The rules about changes of firstseen itself, which are part of the program, are always among them.

Exit codes: 0 done, and with --check no rule is "never"; 1 with --check a rule can never fire, or a rule is broken; 2 called wrongly, or a path of --rules leads nowhere.

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
    .description('print the smallest audit policy that feeds the enabled rules, or check one that you have')
    .option('--check <file>', 'what the rules see under this policy; - for standard input')
    .option('--kubernetes-version <version>', 'such as 1.36; unless given, the policy is one that every version takes')
    .option('--service-account <namespace:name>', "firstseen's own", 'firstseen:firstseen')
    .option(
      '--heartbeat',
      'record the requests by which firstseen checks that events still come, as if heartbeat.enabled',
    )
    .addOption(
      new Option('-o, --output <format>', 'yaml for the policy; table or json with --check').choices([
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
      throw new CommandError('no enabled rule was found: name files or folders of rules with --rules', EXIT.failed);
    // What cannot run here needs nothing recorded.
    if (brokenOnly(problems).length > 0)
      throw new CommandError(
        'a policy without the broken rules would be too small: mend them, or take them out of --rules',
        EXIT.failed,
      );
    // Those about firstseen itself are in force with whatever others there are.
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
  // Whoever may change firstseen is recorded too: a policy cannot except anybody without leaving out what others need.
  return tamperRules({ ...tamper, identities: [], namespace }).flatMap((document) => {
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
    throw new CommandError(`${file} is no sound audit policy: mend it, and check it again`, EXIT.usage);
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
      `${never} of ${coverage.length} rules can never fire under ${file}; \`firstseen audit-policy\` prints a policy that feeds them`,
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
