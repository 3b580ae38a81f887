import { excerpt } from '../../audit/text.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, warning } from '../finding.ts';
import { readSamples, samplesOf, sumOf } from '../prometheus-text.ts';

/**
 * What it means when a plugin of the audit backend counts an error:
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/audit/metrics.go
 */
const LOST: Readonly<Record<string, string>> = {
  webhook: 'the API server could not send batches and dropped them after five tries',
  buffered: 'the buffer was full: see --audit-webhook-batch-buffer-size and -throttle-qps',
  truncate: 'events were too large without their bodies, or could not be encoded',
};

/** Whether the API server makes audit events, and whether it loses any: its own counters since its start. */
export const apiServerMetricsCheck: Check = {
  name: 'api-server-metrics',
  async run(subject) {
    const { status, text } = await (await subject.api()).ask({ path: '/metrics', accept: 'text/plain' });
    if (status !== 200) {
      throw new CannotCheck(
        `this credential may not read the metrics of the API server (${status})`,
        "kubectl get --raw /metrics | grep '^apiserver_audit'    # as an administrator, or: firstseen doctor --kubeconfig ADMIN-KUBECONFIG",
      );
    }
    const samples = readSamples(text, /^apiserver_audit_/);
    const events = sumOf(samples, 'apiserver_audit_event_total');
    const lost: Finding[] = samplesOf(samples, 'apiserver_audit_error_total').flatMap(({ labels, value }) => {
      if (value === 0) return [];
      const { plugin = '' } = labels;
      return [
        warning(`the API server has lost audit events since it started: ${value} errors of ${excerpt(plugin, 100)}`, {
          why: LOST[plugin] ?? 'these events are lost',
          mend: "kubectl get --raw /metrics | grep '^apiserver_audit_error_total'    # if it still grows: kubectl -n kube-system logs -l component=kube-apiserver --tail=-1 | grep -i audit",
        }),
      ];
    });
    if (events > 0) return [...lost, ok(`the API server has made ${events} audit events since it started`)];
    return [
      ...lost,
      failure('the API server makes no audit events', {
        why: 'it has no audit policy, or the policy records nothing, so firstseen detects nothing',
        mend: '--audit-policy-file=/etc/kubernetes/firstseen/audit-policy.yaml    # start with deploy/audit-policy.yaml',
      }),
    ];
  },
};
