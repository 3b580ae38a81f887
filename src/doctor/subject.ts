import { type Config, rulePaths } from '../config/schema.ts';
import type { Address } from '../http/options.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { type ApiProbe, createApiProbe } from '../kubernetes/api-probe.ts';
import type { KubeconfigSource } from '../kubernetes/open-api-access.ts';
import { type CompiledRules, compileLoaded } from '../rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { CannotCheck } from './finding.ts';

/** The configuration as it was found. */
export type Configuration =
  | { readonly kind: 'ok'; readonly config: Config; readonly from: string }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  /** There is no file, so this is not where firstseen runs. Only what flags or the environment say is known. */
  | { readonly kind: 'none'; readonly config: Config; readonly given: ReadonlySet<keyof Config> };

/** A file that was named on the command line. */
export interface GivenFile {
  readonly name: string;
  readonly text: string;
}

/** A service account, whose rights are looked at. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Where to look, as it was asked for. */
export interface DoctorOptions {
  readonly configuration: Configuration;
  readonly version: string;
  readonly kubeconfig: KubeconfigSource;
  /** Undefined: the credential's own, if it is a service account, else that of the chart. */
  readonly account: Account | undefined;
  /** Flags of kube-apiserver, or the manifest of its pod. */
  readonly apiServerFlags: GivenFile | undefined;
  readonly webhookKubeconfig: GivenFile | undefined;
  readonly policy: GivenFile | undefined;
  /** Where to connect to instead of the address in the webhook's kubeconfig. */
  readonly connect: Address | undefined;
  /** The base URL of health and metrics, if it was given; else that of the configuration. */
  readonly ops: string | undefined;
}

/** What is looked at; each part is got where a check asks for it. */
export interface Subject extends DoctorOptions {
  /** A part of the configuration. @throws CannotCheck if it is not known */
  section<K extends keyof Config>(name: K): Config[K];
  /** The same; undefined if it is not known. */
  known<K extends keyof Config>(name: K): Config[K] | undefined;
  /** @throws CannotCheck if no configuration says where they are */
  rules(): Promise<CompiledRules>;
  /** @throws CannotCheck without a kubeconfig that can be used */
  api(): Promise<ApiProbe>;
  /** In milliseconds since 1970. */
  now(): number;
}

/** For one call to the API server. */
const API_TIMEOUT_MS = 8_000;

export const IN_THE_POD = 'kubectl -n firstseen exec deploy/firstseen -- firstseen doctor';
export const WHERE_IT_IS = `${IN_THE_POD}    # or: firstseen doctor --config FILE`;

export function createSubject(options: DoctorOptions): Subject {
  let rules: Promise<CompiledRules> | undefined;
  let probe: Promise<ApiProbe> | undefined;

  function known<K extends keyof Config>(name: K): Config[K] | undefined {
    const { configuration } = options;
    if (configuration.kind === 'invalid') return undefined;
    return configuration.kind === 'ok' || configuration.given.has(name) ? configuration.config[name] : undefined;
  }

  function section<K extends keyof Config>(name: K): Config[K] {
    const found = known(name);
    if (found !== undefined) return found;
    if (options.configuration.kind === 'invalid') {
      throw new CannotCheck('the configuration is not usable', 'mend the configuration, and run it again');
    }
    throw new CannotCheck('no configuration is given', WHERE_IT_IS);
  }

  return {
    ...options,
    section,
    known,
    rules() {
      rules ??= loadRuleFiles(rulePaths({ rules: section('rules') })).then((loaded) =>
        compileLoaded(loaded, sha256Hashes),
      );
      return rules;
    },
    async api() {
      try {
        probe ??= createApiProbe({
          ...options.kubeconfig,
          userAgent: `firstseen-doctor/${options.version}`,
          timeoutMs: API_TIMEOUT_MS,
        }).then(askedOnce);
        return await probe;
      } catch (error) {
        if (error instanceof TypeError || error instanceof ReferenceError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new CannotCheck(`no Kubernetes API: ${reason}`, 'firstseen doctor --kubeconfig ~/.kube/config');
      }
    },
    now: () => Date.now(),
  };
}

/** One that is away is waited for once, and not by each check anew. */
function askedOnce(probe: ApiProbe): ApiProbe {
  let away: unknown;
  return {
    ...probe,
    async ask(call) {
      if (away !== undefined) throw away;
      try {
        return await probe.ask(call);
      } catch (error) {
        away = error;
        throw error;
      }
    },
  };
}
