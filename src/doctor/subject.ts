import { type Config, rulePaths } from '../config/schema.ts';
import type { Address } from '../http/options.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { type ApiProbe, createApiProbe } from '../kubernetes/api-probe.ts';
import type { KubeconfigSource } from '../kubernetes/open-api-access.ts';
import { type CompiledRules, compileLoaded } from '../rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { CannotCheck } from './finding.ts';

/** The configuration, as far as doctor found one. */
export type Configuration =
  | { readonly kind: 'ok'; readonly config: Config; readonly from: string }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }
  /** There is no file, so firstseen does not run here. Only flags and the environment are known. */
  | { readonly kind: 'none'; readonly config: Config; readonly given: ReadonlySet<keyof Config> };

/** A file named on the command line. */
export interface GivenFile {
  readonly name: string;
  readonly text: string;
}

/** A service account whose rights are checked. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** What the command line says about the installation. */
export interface DoctorOptions {
  readonly configuration: Configuration;
  readonly version: string;
  readonly kubeconfig: KubeconfigSource;
  /** Undefined: the credential's own service account, else the chart's. */
  readonly account: Account | undefined;
  /** The flags of kube-apiserver, or its pod manifest. */
  readonly apiServerFlags: GivenFile | undefined;
  readonly webhookKubeconfig: GivenFile | undefined;
  readonly policy: GivenFile | undefined;
  /** The address to connect to instead of the one in the webhook's kubeconfig. */
  readonly connect: Address | undefined;
  /** The base URL of health and metrics; the configuration's address if undefined. */
  readonly ops: string | undefined;
}

/** The installation under examination; each part is fetched when a check asks for it. */
export interface Subject extends DoctorOptions {
  /** A section of the configuration. @throws CannotCheck if it is unknown */
  section<K extends keyof Config>(name: K): Config[K];
  /** The same, or undefined if it is unknown. */
  known<K extends keyof Config>(name: K): Config[K] | undefined;
  /** @throws CannotCheck if no configuration names the files */
  rules(): Promise<CompiledRules>;
  /** @throws CannotCheck without a usable kubeconfig */
  api(): Promise<ApiProbe>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Limit of one call to the API server. */
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
      throw new CannotCheck('the configuration is not usable', 'fix the configuration, and run doctor again');
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

/** Tries an API server once; if it is down, later checks fail at once with the same error. */
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
