import { createHash } from 'node:crypto';
import { z } from 'zod';
import { EXCEPTIONS_PATH } from '../../kubernetes/exception-watch.ts';
import { EXCEPTION_KIND } from '../../rules/exception-schema.ts';
import { RULE_API_VERSION } from '../../rules/rule-schema.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { CommandError } from '../io.ts';
import type { Proposal } from './narrowest.ts';

/** A RuleException as plain values, as `parseRuleException` reads it. */
export interface ExceptionObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly rules: readonly string[];
    readonly clusters: readonly string[];
    readonly query: string;
    readonly reason: string;
    /** RFC 3339. */
    readonly expires?: string;
    readonly author?: string;
  };
}

export interface ExceptionTexts {
  readonly name?: string | undefined;
  readonly reason: string;
  readonly expires?: string | undefined;
  readonly author?: string | undefined;
}

const MAX_RULE_PART = 180;

export function exceptionObject({ rule, cluster, query }: Proposal, texts: ExceptionTexts): ExceptionObject {
  const { reason, expires, author } = texts;
  const name = texts.name ?? nameFor(rule, cluster, query);
  return {
    apiVersion: RULE_API_VERSION,
    kind: EXCEPTION_KIND,
    metadata: { name },
    spec: {
      rules: [rule],
      clusters: [cluster],
      query,
      reason,
      ...(expires !== undefined && { expires }),
      ...(author !== undefined && { author }),
    },
  };
}

/** Equal exceptions get equal names, so that a repeated command creates no second one. */
function nameFor(rule: string, cluster: string, query: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([rule, cluster, query]))
    .digest('hex')
    .slice(0, 8);
  return `${rule.slice(0, MAX_RULE_PART).replace(/[.-]+$/, '')}-${hash}`;
}

/** @throws CommandError if the name is taken, or the API server refuses */
export async function createException(
  cluster: ClusterClient,
  exception: ExceptionObject,
  dryRun: boolean,
): Promise<void> {
  const { name } = exception.metadata;
  const path = `${EXCEPTIONS_PATH}/${encodeURIComponent(name)}`;
  if ((await cluster.find({ method: 'GET', path })) !== undefined) {
    throw new CommandError(
      `the RuleException ${name} already exists\n` +
        `  hint: \`kubectl edit ruleexception ${name}\` changes its end; --name creates another`,
    );
  }
  await cluster.call({
    method: 'POST',
    path: `${EXCEPTIONS_PATH}?fieldManager=firstseen-except${dryRun ? '&dryRun=All' : ''}`,
    body: exception,
  });
}

const reviewSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string().min(1) }) }) });

/** Our user name in the cluster; undefined before Kubernetes 1.28, which added SelfSubjectReview. */
export async function whoAmI(cluster: ClusterClient): Promise<string | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  try {
    return reviewSchema.parse(await cluster.call({ method: 'POST', path, body })).status.userInfo.username;
  } catch {
    return undefined;
  }
}
