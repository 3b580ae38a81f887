import type { AlertRecord, AlertSpec, AlertState } from '../../src/detect/alert.ts';

export interface SampleAlertChanges {
  readonly id?: string;
  readonly cluster?: string;
  readonly version?: number;
  readonly spec?: Partial<AlertSpec>;
  readonly state?: Partial<AlertState>;
}

/** 2026-03-01T12:00:00Z */
const OPENED_AT = 1_772_366_400_000_000;

/** An alert of the first rule: an anonymous request for pods. */
export function sampleAlert({ id, cluster = 'local', version = 1, spec, state }: SampleAlertChanges = {}): AlertRecord {
  return {
    id: id ?? 'anonymous-request-unusual-agent-5kq2m8vz3a1c',
    cluster,
    version,
    spec: {
      rule: { name: 'anonymous-request-unusual-agent', title: 'Anonymous request', type: 'new_terms' },
      severity: 'medium',
      riskScore: 47,
      reason: 'user agent "masscan/1.3" not seen in 7d: system:anonymous list pods in default, allowed',
      newTerms: [{ field: 'user_agent.original', value: 'masscan/1.3' }],
      threat: [{ tactic: { id: 'TA0001', name: 'Initial Access' } }],
      request: {
        time: '2026-03-01T12:00:00.000001Z',
        auditID: '3c2b7a43-8a1e-4a52-8a1c-6a3f4c0c1b6e',
        stage: 'ResponseComplete',
        verb: 'list',
        uri: '/api/v1/namespaces/default/pods',
        resource: 'pods',
        apiVersion: 'v1',
        namespace: 'default',
        code: 200,
        decision: 'allow',
        dryRun: false,
        truncated: false,
      },
      actor: {
        user: 'system:anonymous',
        groups: ['system:unauthenticated'],
        sourceIP: '203.0.113.7',
        sourceIPs: ['203.0.113.7'],
        userAgent: 'masscan/1.3',
      },
      cluster,
      overflow: false,
      display: {
        user: 'system:anonymous',
        action: 'list',
        object: 'pods in default',
        source: '203.0.113.7',
        newTerm: 'masscan/1.3',
      },
      ...spec,
    },
    state: {
      phase: 'Open',
      count: 1,
      firstSeen: OPENED_AT + 1,
      lastSeen: OPENED_AT + 1,
      openedAt: OPENED_AT + 1,
      windowMicros: 3_600_000_000,
      evidence: [
        {
          time: '2026-03-01T12:00:00.000001Z',
          auditID: '3c2b7a43-8a1e-4a52-8a1c-6a3f4c0c1b6e',
          requestKey: 'Vn0pJm4pYw2dF1o7x8Q9zA',
        },
      ],
      suppressionKey: 'Q0pJm4pYw2dF1o7x8Q9zAB',
      removed: false,
      ...state,
    },
  };
}

const HOSTILE = [
  '\u0000\u0007\u001b[31mred\u001b[0m\r\n', // controls
  '\u202egnp.exe\u202c\u2066isolated\u2069', // bidirectional overrides and isolates
  'zero\u200bwidth\u200d\ufeff', // invisible
  '😀👩‍👩‍👧‍👦 ключ 鍵', // code points of two to four bytes
  '"quotes", \\backslash, `ticks`, <b>&amp;, %s, __proto__',
].join(' ');

/** The strings of a request as an attacker would choose them, the URI of 60 kB among them. */
export function hostileAlert(changes: SampleAlertChanges = {}): AlertRecord {
  const { spec } = sampleAlert();
  const uri = `/api/v1/namespaces/default/pods?x=${'😀é'.repeat(10_000)}`;
  return sampleAlert({
    ...changes,
    spec: {
      rule: { ...spec.rule, title: HOSTILE, version: HOSTILE, id: HOSTILE },
      reason: HOSTILE.repeat(20),
      newTerms: Array.from({ length: 9 }, () => ({ field: 'user_agent.original', value: HOSTILE.repeat(9) })),
      request: { ...spec.request, auditID: HOSTILE, verb: HOSTILE, uri, name: HOSTILE, subresource: HOSTILE },
      actor: {
        user: HOSTILE.repeat(9),
        groups: Array.from({ length: 99 }, () => HOSTILE),
        impersonated: HOSTILE.repeat(9),
        sourceIP: HOSTILE,
        sourceIPs: [...Array.from({ length: 99 }, () => HOSTILE), '203.0.113.7'],
        userAgent: HOSTILE.repeat(9),
      },
      display: { user: HOSTILE, action: HOSTILE, object: HOSTILE, source: HOSTILE, newTerm: HOSTILE },
      ...changes.spec,
    },
    state: {
      evidence: Array.from({ length: 8 }, () => ({
        time: '2026-03-01T12:00:00.000001Z',
        auditID: HOSTILE.repeat(9),
        requestKey: 'Vn0pJm4pYw2dF1o7x8Q9zA',
      })),
      ...changes.state,
    },
  });
}
