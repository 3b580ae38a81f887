import { decodeDocument } from '../../audit/decode.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import { excerpt } from '../../audit/text.ts';
import { CommandError, type Io } from '../io.ts';
import { openAuditInputs } from '../open-audit-inputs.ts';

export interface EventChoice {
  readonly auditId?: string;
  /** Line in the file, from 1. */
  readonly line?: number;
}

/** An event and where it starts in the file. */
export interface PickedEvent {
  readonly event: DecodedEvent;
  readonly from: string;
}

const ID_BYTES = 128;

/**
 * The only event of a file, or the chosen one. If several stages of a request share the audit ID, the last with a note.
 * @throws CommandError if there is no event, or several and none is chosen
 */
export async function pickEvent(file: string, choice: EventChoice, io: Io): Promise<PickedEvent> {
  const [input] = await openAuditInputs([file], io);
  if (input === undefined) throw new CommandError('--event: expected a file with an event');
  const { auditId, line: wanted } = choice;
  let found: PickedEvent | undefined;
  let fitting = 0;
  let events = 0;
  let refused: string | undefined;
  for await (const { text, line } of input.documents()) {
    if (wanted !== undefined && !isWithin(wanted, line, text)) {
      if (line > wanted) break;
      continue;
    }
    const from = `${excerpt(input.name, ID_BYTES)}:${line}`;
    const decoded = decodeDocument(text, Date.now() * 1_000);
    if (decoded.kind === 'rejected') {
      refused ??= `${from}: ${decoded.message}`;
      continue;
    }
    const [first] = decoded.quarantined;
    if (first !== undefined) refused ??= `${from}: ${first.reason}`;
    events += decoded.events.length;
    for (const event of decoded.events) {
      if (auditId !== undefined && event.event.auditID !== auditId) continue;
      fitting += 1;
      found = { event, from };
    }
  }
  if (found === undefined) throw none(choice, events, refused);
  if (fitting > 1 && auditId === undefined) throw several(choice, fitting, input.name);
  if (fitting > 1) io.err(`${fitting} events have this audit ID; explaining the last. --line picks another.\n`);
  return found;
}

function isWithin(wanted: number, line: number, text: string): boolean {
  return wanted === line || (wanted > line && wanted < line + text.split('\n').length);
}

function none({ auditId, line }: EventChoice, events: number, refused: string | undefined): CommandError {
  if (events === 0 && refused !== undefined) return new CommandError(`not an audit event: ${refused}`);
  const where = line === undefined ? '' : ` on line ${line}`;
  if (auditId === undefined) return new CommandError(`no audit event found${where}`);
  return new CommandError(`no event${where} has the audit ID ${JSON.stringify(excerpt(auditId, ID_BYTES))}`);
}

function several({ line }: EventChoice, count: number, name: string): CommandError {
  const where = line === undefined ? excerpt(name, ID_BYTES) : `line ${line}`;
  const hint = line === undefined ? 'pick one with --audit-id ID or --line N' : 'pick one with --audit-id ID';
  return new CommandError(`${where} has ${count} events\n  hint: ${hint}`);
}
