/**
 * Recommended flags of kube-apiserver, beside the two that name files.
 * Meanings and defaults: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */
export const API_SERVER_FLAGS = [
  { name: 'audit-webhook-mode', value: 'batch', why: 'requests never wait for firstseen' },
  { name: 'audit-webhook-batch-max-wait', value: '1s', why: 'the default of 30s would delay each alert by that much' },
  {
    name: 'audit-webhook-batch-max-size',
    value: '100',
    why: 'limits a body; batch mode has no limit in bytes',
  },
  { name: 'audit-webhook-batch-throttle-qps', value: '40', why: 'up to 4,000 events a second in batches of 100' },
  { name: 'audit-webhook-batch-throttle-burst', value: '60', why: 'catches up after a pause' },
  {
    name: 'audit-webhook-batch-buffer-size',
    value: '20000',
    why: 'the API server drops events when the buffer is full',
  },
  {
    name: 'audit-webhook-truncate-enabled',
    value: 'true',
    why: 'without it, one event that cannot be encoded loses its whole batch',
  },
] as const;
