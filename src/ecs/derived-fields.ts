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

/** Fields that firstseen derives from several places of an event. */
const PREFIX = 'firstseen.';
/** A path into the pod that a request writes. */
const POD_PREFIX = `${PREFIX}pod.`;
/** The field that says whether the request was carried out. */
export const CARRIED_OUT = `${PREFIX}carriedOut`;
/** The field that holds the command of an exec. */
export const COMMAND = `${PREFIX}exec.command`;
const LONGEST_COMMAND = 16_384;

const imagesOf = podReader('containers.image');

/** Rows for derived fields, so that a rule need not handle every way to express the same thing. */
export const DERIVED_FIELDS: readonly Field[] = [
  {
    name: CARRIED_OUT,
    type: 'keyword',
    doc: 'Whether the request was carried out: `yes`; `no` if it was refused, failed, was a dry run or has no answer yet; `unknown` for an error that can also follow a stored change ([which errors](../carried-out.md)).',
    read: carriedOut,
  },
  row(
    `${PREFIX}dryRun`,
    'boolean',
    '`true` for a dry run: `dryRun=All` in the query of a write, or in the body of a deletion. Absent otherwise.',
    (event) => isDryRun(event) || undefined,
  ),
  {
    name: `${PREFIX}truncated`,
    type: 'boolean',
    doc: '`true` if the event lost its bodies because it was too large for the API server or for firstseen; absent otherwise.',
    read: ({ truncated }) => truncated || undefined,
  },
  row(
    `${PREFIX}source.ip`,
    'ip',
    'The last hop of the request, the only address that the client cannot choose.',
    (event) => addressSet([lastHop(event) ?? '']),
  ),
  row(COMMAND, 'keyword', 'The command of an exec, its words decoded and joined by blanks.', commandOf),
  row(
    `${PREFIX}grants`,
    'keyword',
    'The permissions in a role that the request writes, as `verb resource`, such as `create pods/exec` or `* *`: each verb with each resource of the same role rule.',
    ({ requestObject, responseObject }) => grantsOf(requestObject, responseObject),
  ),
  row(
    `${PREFIX}image.registry`,
    'keyword',
    'The image registries of a pod that the request writes; `docker.io` for an image without a registry.',
    imageField('registry'),
  ),
  row(
    `${PREFIX}image.repository`,
    'keyword',
    'The images of a pod that the request writes, with registry, without tag and digest.',
    imageField('repository'),
  ),
  pod('hostPID', 'boolean', 'Whether the pod uses the PID namespace of its node.'),
  pod('hostIPC', 'boolean', 'Whether the pod uses the IPC namespace of its node.'),
  pod('hostNetwork', 'boolean', 'Whether the pod uses the network of its node.'),
  pod('hostUsers', 'boolean', 'Whether the pod uses the user namespace of its node.'),
  pod('nodeName', 'keyword', 'The node that the request assigns the pod to, bypassing the scheduler.'),
  pod('serviceAccountName', 'keyword', 'The service account of the pod.'),
  pod('volumes.hostPath.path', 'keyword', 'The node paths that the pod mounts.'),
  pod('containers.image', 'keyword', 'The images of the pod.'),
  pod('containers.command', 'keyword', 'The words of the commands in the pod.'),
  pod('containers.securityContext.privileged', 'boolean', 'Whether a container of the pod is privileged.'),
  pod('containers.securityContext.capabilities.add', 'keyword', 'The Linux capabilities that containers add.'),
  pod('containers.securityContext.procMount', 'keyword', 'How /proc is mounted: Default or Unmasked.'),
];

/** A name below `firstseen.pod.` without a row of its own. */
export function derivedField(name: string): Field | undefined {
  if (!name.startsWith(POD_PREFIX)) return undefined;
  return pod(name.slice(POD_PREFIX.length), 'keyword', 'A path in the pod that the request writes.');
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
