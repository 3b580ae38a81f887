import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { sanitise } from '../../audit/text.ts';
import { nearest } from '../../query/nearest.ts';
import { describeValue, isRecord } from '../../rules/document-problem.ts';
import { CommandError } from '../io.ts';

const TYPES = ['keyword', 'ip', 'integer', 'long', 'double', 'boolean', 'date'] as const;

export type DocumentType = (typeof TYPES)[number];

/** Types by field name. */
export type DocumentTypes = ReadonlyMap<string, DocumentType>;

/** Reads a YAML or JSON file that maps field names to types. @throws CommandError with all of its problems */
export function readDocumentTypes(file: string): DocumentTypes {
  const name = sanitise(file);
  const document = parseDocument(read(file), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new CommandError(`${name}: ${sanitise(error.message.split('\n')[0] ?? '')}`);
  const content: unknown = document.toJS();
  if (!isRecord(content)) {
    throw new CommandError(
      `${name}: expected the type of each field, such as \`host.ip: ip\`, found ${describeValue(content)}`,
    );
  }
  const problems = Object.entries(content).flatMap(([field, type]) => problemsOf(field, type));
  if (problems.length > 0) throw new CommandError(problems.map((text) => `${name}: ${text}`).join('\n'));
  return new Map(Object.entries(content) as [string, DocumentType][]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(
      `${sanitise(file)}: cannot be read: ${error instanceof Error ? sanitise(error.message) : ''}`,
    );
  }
}

function problemsOf(field: string, type: unknown): readonly string[] {
  if (TYPES.some((known) => known === type)) return [];
  const near = typeof type === 'string' ? nearest(type, TYPES) : undefined;
  const hint = near === undefined ? `the types are ${TYPES.join(', ')}` : `did you mean ${near}?`;
  return [`${sanitise(field)}: unknown type ${describeValue(type)}\n  hint: ${hint}`];
}
