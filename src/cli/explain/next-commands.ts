import { shellWord } from '../../doctor/shell-word.ts';
import { RESERVED_RULE_NAMES } from '../../rules/rule-name.ts';
import type { AlertObject } from '../alerts/alert-object.ts';

/** A command to paste, and what it is for. */
export interface NextCommand {
  readonly what: string;
  readonly command: string;
}

/** Kinds of which a whole object may hold what should not stand on a screen. */
const SECRETIVE: ReadonlySet<string> = new Set(['secrets', 'configmaps']);
const NO_ONE: ReadonlySet<string> = new Set(['', 'system:anonymous']);

/** The three commands that come next: what else they did, what they did it to or may do, and what to do with the alert. Pure. */
export function nextCommands(alert: AlertObject): readonly NextCommand[] {
  return [elsewhere(alert), target(alert), onward(alert)];
}

function elsewhere({ spec }: AlertObject): NextCommand {
  const { user = '', sourceIP = '' } = spec.actor;
  if (!NO_ONE.has(user)) {
    return { what: 'what else this user did', command: `firstseen alerts list --since 7d --user ${shellWord(user)}` };
  }
  const rule = `firstseen alerts list --since 7d --rule ${shellWord(spec.rule.name)}`;
  return {
    what: `what else this rule has seen${sourceIP === '' ? '' : ` (this was ${sourceIP})`}`,
    command: `${rule} -o wide`,
  };
}

function target({ spec }: AlertObject): NextCommand {
  const { resource = '', apiGroup = '', namespace = '', name = '' } = spec.request;
  const { user = '' } = spec.actor;
  const inNamespace = namespace === '' ? '' : ` -n ${shellWord(namespace)}`;
  if (resource !== '' && name !== '') {
    const kind = shellWord(apiGroup === '' ? resource : `${resource}.${apiGroup}`);
    const [verb, form] = SECRETIVE.has(resource) ? ['describe', ''] : ['get', ' -o yaml'];
    return { what: 'what it is now', command: `kubectl ${verb} ${kind} ${shellWord(name)}${inNamespace}${form}` };
  }
  return {
    what: 'what they may do',
    command: `kubectl auth can-i --list --as=${shellWord(user === '' ? 'system:anonymous' : user)}${inNamespace}`,
  };
}

function onward({ metadata, spec, status }: AlertObject): NextCommand {
  const name = shellWord(metadata.name);
  // Rules about firstseen itself take no exceptions.
  const isExceptable = !spec.rule.name.startsWith(RESERVED_RULE_NAMES);
  if (status.phase === 'Open') return { what: 'you look into it', command: `firstseen alerts ack ${name}` };
  if (status.phase === 'Closed') return { what: 'it is not over', command: `firstseen alerts reopen ${name}` };
  const expected = isExceptable ? `; if it is expected here: firstseen except ${name} --reason WHY` : '';
  return { what: `it is dealt with${expected}`, command: `firstseen alerts close ${name}` };
}
