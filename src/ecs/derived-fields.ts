import { carriedOut } from '../audit/carried-out.ts';
import type { AuditEvent } from '../audit/event.ts';
import { isDryRun, lastHop } from '../audit/identity.ts';
import { parametersOf } from '../audit/request-uri.ts';
import { addressSet } from './addresses.ts';
import type { Field, FieldType, FieldValues } from './field.ts';
import { grantsOf } from './grants.ts';
import { imageParts } from './image-reference.ts';
import { podReader } from './pod-specs.ts';
import { row } from './row.ts';
import { valueSet } from './values.ts';

/** What firstseen reads out of an event that stands in no one place of it. */
const PREFIX = 'firstseen.';
/** A path into the pod that a request writes. */
const POD_PREFIX = `${PREFIX}pod.`;
/** The field for whether the request was carried out. */
export const CARRIED_OUT = `${PREFIX}carriedOut`;
/** The field for what an exec runs. */
export const COMMAND = `${PREFIX}exec.command`;
const LONGEST_COMMAND = 16_384;

const imagesOf = podReader('containers.image');

/** The rows for what is derived, so that a rule need not know in how many ways the same thing can be said. */
export const DERIVED_FIELDS: readonly Field[] = [
  {
    name: CARRIED_OUT,
    type: 'keyword',
    doc: 'Whether the request was carried out: `yes`; `no` if it was refused, failed, was a dry run or has only arrived; `unknown` for an error that can also be the answer to what was done ([which](../carried-out.md)).',
    read: carriedOut,
  },
  row(
    `${PREFIX}dryRun`,
    'boolean',
    '`true` if a write asked for nothing to be stored (`dryRun=All` in its query, of a deletion in its body); else absent.',
    (event) => isDryRun(event) || undefined,
  ),
  {
    name: `${PREFIX}truncated`,
    type: 'boolean',
    doc: '`true` if the event lost its bodies because it was too large, for the API server or for firstseen; else absent.',
    read: ({ truncated }) => truncated || undefined,
  },
  row(
    `${PREFIX}source.ip`,
    'ip',
    'The last hop of the request: the one address that the client does not choose.',
    (event) => addressSet([lastHop(event) ?? '']),
  ),
  row(COMMAND, 'keyword', 'What an exec runs, its words decoded and joined by blanks.', commandOf),
  row(
    `${PREFIX}grants`,
    'keyword',
    'What a written role grants, as `verb resource`, such as `create pods/exec` or `* *`: each verb with each resource of the same rule of the role.',
    ({ requestObject, responseObject }) => grantsOf(requestObject, responseObject),
  ),
  row(
    `${PREFIX}image.registry`,
    'keyword',
    'The registries of the images of a written pod; `docker.io` where an image names none.',
    imageField('registry'),
  ),
  row(
    `${PREFIX}image.repository`,
    'keyword',
    'The images of a written pod with their registry, without tag and digest.',
    imageField('repository'),
  ),
  pod('hostPID', 'boolean', 'Whether the pod shares the processes of its node.'),
  pod('hostIPC', 'boolean', 'Whether the pod shares the IPC of its node.'),
  pod('hostNetwork', 'boolean', 'Whether the pod shares the network of its node.'),
  pod('hostUsers', 'boolean', 'Whether the pod shares the users of its node.'),
  pod('nodeName', 'keyword', 'The node that the pod is put on, past the scheduler.'),
  pod('serviceAccountName', 'keyword', 'The service account of the pod.'),
  pod('volumes.hostPath.path', 'keyword', 'The paths of the node that the pod mounts.'),
  pod('containers.image', 'keyword', 'The images of the pod.'),
  pod('containers.command', 'keyword', 'The words of the commands of the pod.'),
  pod('containers.securityContext.privileged', 'boolean', 'Whether a container of the pod is privileged.'),
  pod('containers.securityContext.capabilities.add', 'keyword', 'The Linux capabilities that a container adds.'),
  pod('containers.securityContext.procMount', 'keyword', 'How /proc is mounted: Default or Unmasked.'),
];

/** A name below `firstseen.pod.` that has no row of its own. */
export function derivedField(name: string): Field | undefined {
  if (!name.startsWith(POD_PREFIX)) return undefined;
  return pod(name.slice(POD_PREFIX.length), 'keyword', 'Read from the pod that the request writes.');
}

/** True if the field is read from the body of a request. */
export function readsRequestBody(name: string): boolean {
  return name === `${PREFIX}grants` || name.startsWith(POD_PREFIX) || name.startsWith(`${PREFIX}image.`);
}

function pod(path: string, type: FieldType, doc: string): Field {
  const read = podReader(path);
  return row(POD_PREFIX + path, type, doc, ({ requestObject }) => read(requestObject));
}

function imageField(part: 'registry' | 'repository'): (event: AuditEvent) => FieldValues {
  return ({ requestObject }) => {
    const images = imagesOf(requestObject);
    if (images === undefined) return undefined;
    const list = typeof images === 'object' ? images : [images];
    return valueSet(list.map((image) => imageParts(String(image))[part]));
  };
}

/** The value of `COMMAND`. */
export function commandOf({ objectRef, requestURI }: AuditEvent): FieldValues {
  if (objectRef?.subresource !== 'exec' || requestURI === undefined) return undefined;
  return parametersOf(requestURI, 'command').join(' ').slice(0, LONGEST_COMMAND).toWellFormed() || undefined;
}
