import type { Check } from './check.ts';
import { accessCheck } from './checks/access.ts';
import { configurationCheck } from './checks/configuration.ts';
import { rulesCheck } from './checks/rules.ts';

/** Every check, in the order in which they are made and shown. */
export const CHECKS: readonly Check[] = [configurationCheck, rulesCheck, accessCheck];
