import { decodeTarget } from './decode-target.ts';
import { eqlTarget } from './eql.ts';
import { esqlTarget } from './esql.ts';
import { esqlRuleTarget } from './esql-rule-target.ts';
import { kqlTarget } from './kql.ts';
import { redactTarget } from './redact-target.ts';
import { regexTarget } from './regex-target.ts';
import { rulefileTarget } from './rulefile-target.ts';
import { sigmaTarget } from './sigma-target.ts';
import type { FuzzTarget } from './target.ts';

/** Everything that hostile input is fed to. */
export const TARGETS: readonly FuzzTarget[] = [
  decodeTarget,
  eqlTarget,
  esqlTarget,
  esqlRuleTarget,
  kqlTarget,
  redactTarget,
  regexTarget,
  rulefileTarget,
  sigmaTarget,
];
