import { Command, InvalidArgumentError, Option } from 'commander';
import { sanitise } from '../../audit/text.ts';
import { parseTimestamp } from '../../audit/timestamp.ts';
import { type AuditDocument, type AuditInput, AuditInputError } from '../../ingest/audit-input.ts';
import { detectLanguage, type SearchLanguage } from '../../query/detect-language.ts';
import { compileEsql } from '../../query/esql/compile.ts';
import { parseQuery } from '../../query/parse-query.ts';
import { formatProblem, type Problem } from '../../query/problem.ts';
import { countSteps } from '../../rules/compile-sequence.ts';
import { SEQUENCE_STEP_CAP } from '../../rules/limits.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { openAuditInputs } from '../open-audit-inputs.ts';
import { startProgressBar } from '../progress-bar.ts';
import { createAuditCorpus } from './audit-corpus.ts';
import type { Corpus } from './corpus.ts';
import { createDocumentCorpus } from './document-corpus.ts';
import { readDocumentTypes } from './document-types.ts';
import { createPrinter, type Printer } from './printer.ts';
import type { Search, SearchOptions } from './search.ts';
import { predicateTest, searchEvents } from './search-events.ts';
import { choosesEvents, searchChosen, searchRows } from './search-rows.ts';
import { searchSequences } from './search-sequences.ts';

interface QueryFlags {
  readonly language?: SearchLanguage;
  readonly output?: 'lines' | 'json' | 'table';
  readonly count?: true;
  readonly maxCount?: number;
  readonly withFilename?: true;
  readonly from?: number;
  readonly to?: number;
  readonly now?: number;
  readonly raw?: true;
  readonly types?: string;
  readonly verbose?: true;
}

interface Asked {
  readonly source: string;
  readonly language: SearchLanguage;
}

const LANGUAGES: Readonly<Record<SearchLanguage, string>> = { kuery: 'KQL', eql: 'EQL', esql: 'ES|QL' };

const HELP = `
The language is detected: ES|QL starts with FROM or ROW, EQL with \`any where\` or \`sequence\`; everything else is KQL.

Exit codes, as in grep: 0 found; 1 nothing found; 2 an invalid query or flag, or an unreadable file.

Examples:
  $ firstseen query 'user.name: "system:anonymous"' audit.log
  $ firstseen query -c 'any where event.action == "delete" and event.outcome == "failure"' audit-*.log.gz
  $ firstseen query 'FROM logs | STATS n = COUNT(*) BY user.name | SORT n DESC | LIMIT 10' audit.log
  $ kubectl logs -n kube-system kube-apiserver-a | firstseen query 'kubernetes.audit.objectRef.subresource: exec' | jq .user`;

export function queryCommand(io: Io): Command {
  return new Command('query')
    .description('search audit logs, like grep, in KQL, EQL or ES|QL')
    .argument('<text>', 'query')
    .argument('[file...]', 'audit logs: JSON lines or EventLists, plain or gzip (default: -, standard input)')
    .addOption(
      new Option('-l, --language <language>', 'query language (default: detected)').choices(['kuery', 'eql', 'esql']),
    )
    .option('-c, --count', 'print only the number of results')
    .addOption(
      new Option('-o, --output <format>', 'output format (default: lines for events, table for rows of ES|QL)').choices(
        ['lines', 'json', 'table'],
      ),
    )
    .option('-m, --max-count <n>', 'stop after n results', readCount)
    .option('-H, --with-filename', 'prefix each line with its file name')
    .option('--from <time>', 'only events at or after this time: RFC 3339, or a date (UTC)', readTime)
    .option('--to <time>', 'only events before this time', readTime)
    .option('--now <time>', 'value of NOW() in ES|QL (default: the current time)', readTime)
    .option('--raw', 'search any JSON documents: fields are dotted paths of type keyword')
    .option('--types <file>', 'with --raw: YAML or JSON file with the types of other fields')
    .option('-v, --verbose', 'print the detected language and the number of events on standard error')
    .addHelpText('after', HELP)
    .action(async (source: string, files: string[], flags: QueryFlags) => {
      const asked = { source, language: flags.language ?? detectLanguage(source) };
      const corpus = corpusOf(flags);
      const printer = createPrinter(io);
      const search = startSearch(asked, corpus, flags, printer);
      const inputs = search.reads ? await openAuditInputs(files.length === 0 ? ['-'] : files, io) : [];
      const { events, broken, stopped } = await feed(inputs, corpus, search, flags, printer, io);
      if (flags.count) io.out(`${search.found()}\n`);
      if (flags.verbose) io.err(`read as ${LANGUAGES[asked.language]}; events: ${events}, found: ${search.found()}\n`);
      const failure = search.failure();
      if (failure !== undefined) throw new CommandError(failure);
      // An unread rest of a file may contain matches.
      const complaints = stopped || broken ? [] : corpus.complaints();
      if (complaints.length > 0) throw new CommandError(complaints.join('\n'));
      if (broken) throw new CommandError('', EXIT.usage);
      if (search.found() === 0) throw new CommandError('', EXIT.failed);
    });
}

function corpusOf({ raw, types }: QueryFlags): Corpus {
  if (raw) return createDocumentCorpus(types === undefined ? new Map() : readDocumentTypes(types));
  if (types !== undefined) throw new CommandError('--types needs --raw');
  return createAuditCorpus(Date.now() * 1_000);
}

/** @param usual the default output */
function optionsOf(
  { count, output, maxCount, withFilename }: QueryFlags,
  usual: SearchOptions['output'],
): SearchOptions {
  return {
    output: count ? 'count' : (output ?? usual),
    maxCount: maxCount ?? Number.POSITIVE_INFINITY,
    withFilename: withFilename === true,
  };
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('expected a whole number above 0');
  return Number(text);
}

/** In microseconds since the epoch. */
function readTime(text: string): number {
  const micros = parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (micros === undefined) throw new InvalidArgumentError('expected a time such as 2026-03-02T08:00:00Z, or a date');
  return micros;
}

/** @throws CommandError for an invalid query */
function startSearch(asked: Asked, corpus: Corpus, flags: QueryFlags, printer: Printer): Search {
  const { source, language } = asked;
  const options = (usual: SearchOptions['output']) => optionsOf(flags, usual);
  if (language === 'esql') {
    const compiled = compileEsql(source, corpus.table);
    if (compiled.kind === 'invalid') throw refuse(asked, compiled.problems);
    const now = flags.now === undefined ? Date.now() : Math.floor(flags.now / 1_000);
    if (choosesEvents(source)) return searchChosen(compiled.query, now, options('lines'), corpus.columns, printer);
    return searchRows(compiled.query, now, options('table'), printer);
  }
  const parsed = parseQuery(language, source, corpus);
  switch (parsed.kind) {
    case 'event':
      return searchEvents(predicateTest(parsed.predicate), options('lines'), corpus.columns, printer);
    case 'sequence':
      if (countSteps(parsed.sequence) > SEQUENCE_STEP_CAP) {
        throw new CommandError(`a sequence can have at most ${SEQUENCE_STEP_CAP} events; remove some`);
      }
      return searchSequences(parsed.sequence, options('lines'), corpus.columns, printer);
    case 'invalid':
      throw refuse(asked, parsed.problems);
  }
}

function refuse({ source, language }: Asked, problems: readonly Problem[]): CommandError {
  const others = Object.keys(LANGUAGES).filter((name) => name !== language);
  const lines = problems.map((problem) => formatProblem(problem, source).split('\n').map(sanitise).join('\n'));
  lines.push(`(language: ${LANGUAGES[language]}; to change it: --language ${others.join(' or ')})`);
  return new CommandError(lines.join('\n'));
}

/** Reads the files until the search is complete. */
async function feed(
  inputs: readonly AuditInput[],
  corpus: Corpus,
  search: Search,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, count, output }: QueryFlags,
  printer: Printer,
  io: Io,
): Promise<{ readonly events: number; readonly broken: boolean; readonly stopped: boolean }> {
  // Documents without a time are outside any time range.
  const bounded = from > Number.NEGATIVE_INFINITY || to < Number.POSITIVE_INFINITY;
  let events = 0;
  let skipped = 0;
  let broken = false;
  let stopped = false;
  /** Printed after the bar is removed. */
  const notes: string[] = [];
  // Result lines on the same terminal would mix with a bar.
  const quiet = io.outIsTerminal && count !== true && output !== 'table';
  const bar = startProgressBar('query', quiet ? [] : inputs, io);

  const searchDocument = (document: AuditDocument, file: string): boolean => {
    const read = corpus.read(document);
    if (read.skipped > 0) {
      if (skipped === 0) notes.push(`${sanitise(file)}:${document.line}: skipped: ${read.reason}`);
      skipped += read.skipped;
    }
    for (const event of read.events) {
      events += 1;
      if (bounded && !(event.at >= from && event.at < to)) continue;
      if (!search.push({ event, line: () => read.lineOf(event.ordinal), file })) return false;
    }
    return true;
  };
  const searchInput = async (input: AuditInput): Promise<boolean> => {
    for await (const documents of input.batches((bytes) => bar.advance(bytes, events))) {
      const wanted = documents.every((document) => searchDocument(document, input.name));
      printer.flush();
      if (!wanted) return false;
    }
    return true;
  };

  try {
    for (const input of inputs) {
      const wanted = await searchInput(input).catch((error: unknown) => {
        if (!(error instanceof AuditInputError)) throw error;
        notes.push(error.message);
        broken = true;
        return true;
      });
      stopped = !wanted;
      if (stopped) break;
    }
    search.finish();
    printer.flush();
  } finally {
    bar.stop();
    if (skipped > 1) notes.push(`${skipped} lines or items skipped`);
    for (const note of [...notes, ...search.notes()]) io.err(`${sanitise(note)}\n`);
  }
  return { events, broken, stopped };
}
