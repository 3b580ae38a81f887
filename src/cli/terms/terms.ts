import { Command, Option } from 'commander';
import type { Store } from '../../alerts/store.ts';
import { sanitise } from '../../audit/text.ts';
import { approveTerms, type FoundTerms, forgetTerms, type RuleTerms, reviewTerms } from '../../detect/review-terms.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import { nearest } from '../../query/nearest.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { ReadResult, StateRead, Step } from '../../rules/state.ts';
import { count } from '../count.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import {
  addMemoryFlags,
  type MemoryFlags,
  type RuleMemory,
  ruleNamed,
  rulesNamed,
  withRuleMemory,
} from '../rule-memory.ts';
import { safeJson } from '../safe-output.ts';
import { importTerms } from './import-terms.ts';
import { learningSummary, type ShownRule, termTable } from './print-terms.ts';
import { termOf } from './term-argument.ts';
import { toTermLine } from './term-line.ts';

const HELP = `
A new_terms rule alerts on terms that it does not know. During its learning time and from a backfill it learns terms
without an alert. \`list --learned\` prints these terms with their first and last sighting and the event that taught them.
\`approve\` takes reviewed terms off that list. \`forget\` removes terms, so that the next sighting alerts.

Only one process can open a SQLite state: stop the server first. With Redis the server can keep running.`;

const LIST_HELP = `
Examples:
  $ firstseen terms list --config firstseen.yaml --learned
  $ firstseen terms list --config firstseen.yaml exec-by-new-user -o json | jq -r '.[] | select(.by == "backfill") | .term'`;

const CHANGE_HELP = (verb: string) => `
A term is the JSON list of its values, as \`terms list\` prints it. For a rule with one field, the bare value works too.

Exit codes: 0 done; 1 the rule does not know a term; 2 usage error.

Examples:
  $ firstseen terms ${verb} --config firstseen.yaml anonymous-request-unusual-agent curl/8.5.0
  $ firstseen terms ${verb} --config firstseen.yaml secret-reads '["10.0.0.7","eve"]' '["10.0.0.9","eve"]'
  $ firstseen terms ${verb} --config firstseen.yaml anonymous-request-unusual-agent --all`;

/** Terms per commit, which takes some milliseconds. */
const TERMS_PER_COMMIT = 500;

export function termsCommand(io: Io): Command {
  return new Command('terms')
    .description('list, approve, forget, export and import the terms of new_terms rules')
    .addHelpText('after', HELP)
    .addCommand(listCommand(io))
    .addCommand(changeCommand(io, 'approve', 'mark terms that were learned without an alert as reviewed', approveAll))
    .addCommand(changeCommand(io, 'forget', 'forget terms, so that their next sighting is new', forgetAll))
    .addCommand(exportCommand(io))
    .addCommand(importCommand(io));
}

interface ListFlags extends MemoryFlags {
  readonly learned?: true;
  readonly output: 'table' | 'json';
}

function listCommand(io: Io): Command {
  const command = new Command('list')
    .alias('ls')
    .description('list known terms, most recently seen first')
    .argument('[rule...]', 'names of rules (default: all new_terms rules)')
    .option('--learned', 'only terms learned without an alert and not approved')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .addHelpText('after', LIST_HELP);
  return addMemoryFlags(command).action((names: string[], flags: ListFlags) =>
    withRuleMemory(flags, io, false, async (memory) => {
      const shown: ShownRule[] = [];
      for (const rule of rulesNamed(names, memory)) {
        const known = await review(rule, memory);
        const terms = flags.learned ? known.terms.filter(({ silent }) => silent !== undefined) : known.terms;
        shown.push({ rule, terms, memory: known });
      }
      if (flags.output === 'json') {
        const lines = shown.flatMap(({ rule, terms }) => terms.toReversed().map((term) => toTermLine(rule, term)));
        io.out(safeJson(lines));
        return;
      }
      if (shown.some(({ terms }) => terms.length > 0)) io.out(termTable(shown));
      io.err(learningSummary(shown, Date.now() * 1_000));
    }),
  );
}

type Change = (rule: CompiledRule, terms: readonly string[]) => ReturnType<typeof approveTerms>;

interface Verb {
  readonly change: Change;
  /** The known terms that `--all` selects. */
  readonly all: (memory: RuleTerms) => readonly string[];
  readonly done: (found: FoundTerms) => string;
}

const approveAll: Verb = {
  change: approveTerms,
  all: ({ terms }) => terms.flatMap(({ term, silent }) => (silent === undefined ? [] : [term])),
  done: ({ silent }) => `${count(silent.length, 'term')} approved`,
};

const forgetAll: Verb = {
  change: forgetTerms,
  all: ({ terms }) => terms.map(({ term }) => term),
  done: ({ known }) => `${count(known.length, 'term')} forgotten`,
};

function changeCommand(io: Io, name: string, description: string, verb: Verb): Command {
  const command = new Command(name)
    .description(description)
    .argument('<rule>', 'name of the rule')
    .argument('[term...]', 'terms')
    .option('--all', name === 'approve' ? 'all terms learned without an alert' : 'all terms of the rule')
    .addHelpText('after', CHANGE_HELP(name));
  return addMemoryFlags(command).action((ruleName: string, named: string[], flags: MemoryFlags & { all?: true }) => {
    if ((named.length === 0) === (flags.all === undefined)) {
      throw new CommandError('pass either terms or --all');
    }
    return withRuleMemory(flags, io, false, async (memory) => {
      const rule = ruleNamed(ruleName, memory.rules);
      const known = flags.all ? await review(rule, memory) : undefined;
      const terms = known === undefined ? named.map((term) => termOf(term, rule, sha256Hashes)) : verb.all(known);
      const found = await changeInParts(memory, rule, [...new Set(terms)], verb.change);
      io.err(`${verb.done(found)}\n`);
      const missing = terms.filter((term) => !found.known.includes(term));
      if (flags.all || missing.length === 0) return;
      throw await notKnown(missing, rule, memory);
    });
  });
}

async function changeInParts(
  { store, cluster }: RuleMemory,
  rule: CompiledRule,
  terms: readonly string[],
  change: Change,
): Promise<FoundTerms> {
  const known: string[] = [];
  const silent: string[] = [];
  for (let start = 0; start < terms.length; start += TERMS_PER_COMMIT) {
    const found = await run(store, cluster, change(rule, terms.slice(start, start + TERMS_PER_COMMIT)));
    for (const term of found.known) known.push(term);
    for (const term of found.silent) silent.push(term);
  }
  return { known, silent };
}

async function notKnown([first = '', ...others]: readonly string[], rule: CompiledRule, memory: RuleMemory) {
  const known = (await review(rule, memory)).terms.map(({ term }) => term);
  const near = nearest(first, known);
  const more = others.length === 0 ? '' : `, nor ${others.length} others`;
  const hint =
    near === undefined
      ? `\`firstseen terms list ${rule.document.name}\` prints its ${count(known.length, 'term')}`
      : `did you mean ${sanitise(near)}?`;
  return new CommandError(
    `${rule.document.name} does not know ${sanitise(first)}${more}\n  hint: ${hint}`,
    EXIT.failed,
  );
}

function exportCommand(io: Io): Command {
  const command = new Command('export')
    .description('write terms as JSON lines for `terms import`')
    .argument('[rule...]', 'names of rules (default: all new_terms rules)');
  return addMemoryFlags(command).action((names: string[], flags: MemoryFlags) =>
    withRuleMemory(flags, io, false, async (memory) => {
      for (const rule of rulesNamed(names, memory)) {
        const { terms } = await review(rule, memory);
        io.out(terms.map((term) => `${JSON.stringify(toTermLine(rule, term))}\n`).join(''));
      }
    }),
  );
}

function importCommand(io: Io): Command {
  const command = new Command('import')
    .description('add the terms of an export, without alerts; learning times continue')
    .argument('<file>', 'file from `terms export`; - reads standard input');
  return addMemoryFlags(command).action((file: string, flags: MemoryFlags) =>
    withRuleMemory(flags, io, true, (memory) => importTerms(file, memory, io)),
  );
}

function review(rule: CompiledRule, { store, cluster }: RuleMemory): Promise<RuleTerms> {
  return run(store, cluster, reviewTerms(rule, sha256Hashes));
}

function run<T>(
  store: Store,
  cluster: string,
  { reads, step }: { readonly reads: readonly StateRead[]; readonly step: (results: readonly ReadResult[]) => Step<T> },
): Promise<T> {
  return store.update(cluster, reads, step);
}
