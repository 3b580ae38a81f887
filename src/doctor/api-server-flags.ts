import { z } from 'zod';
import { parseJson } from '../audit/parse-json.ts';
import { CannotCheck } from './finding.ts';
import type { Subject } from './subject.ts';

/** Values by the name of the flag, without its hyphens. */
export type Flags = ReadonlyMap<string, string>;

export interface ApiServer {
  /** The pod or file that the flags come from. */
  readonly name: string;
  readonly flags: Flags;
}

const PODS = '/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver';

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        containers: z.array(
          z.object({ command: z.array(z.string()).default([]), args: z.array(z.string()).default([]) }),
        ),
      }),
    }),
  ),
});

const BY_HAND =
  'firstseen doctor --apiserver-flags FILE    # of a control-plane node: /etc/kubernetes/manifests/kube-apiserver.yaml, ' +
  '/etc/rancher/k3s/config.yaml, or the output of talosctl get staticpod kube-apiserver -o yaml';

/**
 * The flags of each API server: from the given file, else from static pods, as kubeadm makes them.
 * @throws CannotCheck if neither has them
 */
export async function apiServers(subject: Subject): Promise<readonly ApiServer[]> {
  const file = subject.apiServerFlags;
  if (file !== undefined) {
    const flags = flagsOfText(file.text);
    if (flags.size > 0) return [{ name: file.name, flags }];
    throw new CannotCheck(`${file.name} has no flag that starts with audit-`, BY_HAND);
  }
  const { status, text } = await (await subject.api()).ask({ path: PODS });
  if (status === 403) throw new CannotCheck('this credential may not list pods in kube-system (403)', BY_HAND);
  if (status !== 200) throw new CannotCheck(`the pods of kube-system could not be read (${status})`, BY_HAND);
  const items = podsSchema.safeParse(parseJson(text)).data?.items ?? [];
  if (items.length === 0) {
    throw new CannotCheck('kube-system has no pod with the label component=kube-apiserver', BY_HAND);
  }
  return items.map(({ metadata, spec }) => ({
    name: `pod ${metadata.name}`,
    flags: flagsOfWords(spec.containers.flatMap(({ command, args }) => [...command, ...args])),
  }));
}

/** Parses flags as a process gets them: `--name=value`, `--name value`, or `--name` for true. */
export function flagsOfWords(words: readonly string[]): Flags {
  const flags = new Map<string, string>();
  words.forEach((word, index) => {
    const [, name, value] = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) return;
    const next = words[index + 1];
    flags.set(name, value ?? (next === undefined || next.startsWith('-') ? 'true' : next));
  });
  return flags;
}

/** Finds audit flags in text: a manifest, a k3s, RKE2 or Talos configuration, or a list of `audit-policy-file=…`. */
export function flagsOfText(text: string): Flags {
  const flags = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue;
    for (const [, name = '', value] of line.matchAll(FLAG_IN_TEXT)) flags.set(name, value ?? 'true');
  }
  return flags;
}

const FLAG_IN_TEXT =
  /(?<![\w/.-])(?:--)?(audit-[a-z-]+[a-z])(?:(?:["']?(?:=|:[ \t]+)|[ \t]+(?=[^-\s]))["']?([^\s"',]+))?/g;
