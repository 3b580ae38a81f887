import { shellWord } from '../../doctor/shell-word.ts';
import { RESERVED_RULE_NAMES } from '../../rules/rule-name.ts';
import type { AlertObject } from '../alerts/alert-object.ts';

/** A command to run, and its purpose. */
export interface NextCommand {
  readonly what: string;
  readonly command: string;
}

/** Kinds whose objects may hold secrets. */
const SECRETIVE: ReadonlySet<string> = new Set(['secrets', 'configmaps']);
const NO_ONE: ReadonlySet<string> = new Set(['', 'system:anonymous']);

/** Three commands to run next: on the user, on the object or rights, and on the alert. Pure. */
export function nextCommands(alert: AlertObject): readonly NextCommand[] {
  return [elsewhere(alert), target(alert), onward(alert)];
}

function elsewhere({ spec }: AlertObject): NextCommand {
  const { user = '', sourceIP = '' } = spec.actor;
  if (!NO_ONE.has(user)) {
    return {
      what: 'other alerts about this user',
      command: `firstseen alerts list --since 7d --user ${shellWord(user)}`,
    };
  }
  const rule = `firstseen alerts list --since 7d --rule ${shellWord(spec.rule.name)}`;
  return {
    what: `other alerts of this rule${sourceIP === '' ? '' : ` (this was ${sourceIP})`}`,
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
    return { what: 'the object now', command: `kubectl ${verb} ${kind} ${shellWord(name)}${inNamespace}${form}` };
  }
  return {
    what: 'the rights of the user',
    command: `kubectl auth can-i --list --as=${shellWord(user === '' ? 'system:anonymous' : user)}${inNamespace}`,
  };
}

function onward({ metadata, spec, status }: AlertObject): NextCommand {
  const name = shellWord(metadata.name);
  // Rules about firstseen itself take no exceptions.
  const isExceptable = !spec.rule.name.startsWith(RESERVED_RULE_NAMES);
  if (status.phase === 'Open') return { what: 'acknowledge it', command: `firstseen alerts ack ${name}` };
  if (status.phase === 'Closed') return { what: 'reopen it', command: `firstseen alerts reopen ${name}` };
  const expected = isExceptable ? `, or if it is expected: firstseen except ${name} --reason WHY` : '';
  return { what: `close it${expected}`, command: `firstseen alerts close ${name}` };
}
