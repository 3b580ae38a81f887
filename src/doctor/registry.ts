import type { Check } from './check.ts';
import { accessCheck } from './checks/access.ts';
import { apiServerFlagsCheck } from './checks/api-server-flags.ts';
import { apiServerMetricsCheck } from './checks/api-server-metrics.ts';
import { auditPolicyCheck } from './checks/audit-policy.ts';
import { clockCheck } from './checks/clock.ts';
import { configurationCheck } from './checks/configuration.ts';
import { receiverCredentialsCheck } from './checks/receiver-credentials.ts';
import { resourcesCheck } from './checks/resources.ts';
import { rulesCheck } from './checks/rules.ts';
import { serverCheck } from './checks/server.ts';
import { storeCheck } from './checks/store.ts';
import { webhookDeliveryCheck } from './checks/webhook-delivery.ts';
import { webhookKubeconfigCheck } from './checks/webhook-kubeconfig.ts';

/** Every check, in the order of the report. `server` reads its counters before `webhook-delivery` adds to them. */
export const CHECKS: readonly Check[] = [
  configurationCheck,
  rulesCheck,
  receiverCredentialsCheck,
  storeCheck,
  accessCheck,
  resourcesCheck,
  clockCheck,
  apiServerFlagsCheck,
  auditPolicyCheck,
  apiServerMetricsCheck,
  webhookKubeconfigCheck,
  serverCheck,
  webhookDeliveryCheck,
];
