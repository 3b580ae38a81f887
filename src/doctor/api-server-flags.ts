import { z } from 'zod';
import { parseJson } from '../audit/parse-json.ts';
import { CannotCheck } from './finding.ts';
import type { Subject } from './subject.ts';

/** Flags by their names, without the hyphens. */
export type Flags = ReadonlyMap<string, string>;

export interface ApiServer {
  /** The pod, or the file that told of it. */
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
  '/etc/rancher/k3s/config.yaml, or what talosctl get staticpod kube-apiserver -o yaml prints';

/**
 * The flags of each API server: from the file that was given, else from the static pods of kubeadm and its like.
 * @throws CannotCheck if neither tells them
 */
export async function apiServers(subject: Subject): Promise<readonly ApiServer[]> {
  const file = subject.apiServerFlags;
  if (file !== undefined) {
    const flags = flagsOfText(file.text);
    if (flags.size > 0) return [{ name: file.name, flags }];
    throw new CannotCheck(`${file.name} has no flag that begins with audit-`, BY_HAND);
  }
  const { status, text } = await (await subject.api()).ask({ path: PODS });
  if (status === 403) throw new CannotCheck('this credential may not read pods in kube-system (403)', BY_HAND);
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

/** Flags as a process is given them: `--name=value`, `--name value`, or `--name` for true. */
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

/** The flags on auditing in a manifest, a configuration of k3s, RKE2 or Talos, or a list: `audit-policy-file=…` with whatever around it. */
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
