import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type DecodedBatch, decodeBatch, decodeDocument } from '../../src/audit/decode.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { FIELDS } from '../../src/ecs/fields.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { ruleMix } from '../bench/rule-mix.ts';
import { evaluation } from '../support/evaluation.ts';
import { expectKind } from '../support/expect.ts';

/** Real events that others recorded. They stand beside the project where its developers work and are no part of it. */
const CORPORA = fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
const skip = existsSync(CORPORA) ? false : 'the corpora of recorded events (../shared/corpora) are not on this machine';
const RECEIVED = Date.UTC(2027, 0, 1) * 1000;

function files(pattern: string): readonly string[] {
  const found = globSync(pattern, { cwd: CORPORA }).sort();
  expect(found.length).toBeGreaterThan(0);
  return found.map((file) => join(CORPORA, file));
}

function lines(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Rules that select nearly everything, beside the usual mix. */
const BROAD: Readonly<Record<string, object>> = {
  'broad-query': { type: 'query', query: '*' },
  'broad-terms': { type: 'new_terms', query: '*', newTerms: { fields: ['source.ip', 'user.name'], window: '7d' } },
  'broad-count': { type: 'threshold', query: '*', threshold: { value: 5, window: '1d' } },
  'broad-groups': {
    type: 'threshold',
    query: '*',
    threshold: {
      field: ['user.name', 'source.ip'],
      value: 2,
      cardinality: [{ field: 'kubernetes.audit.requestURI', value: 2 }],
      window: '30d',
    },
  },
  'broad-sequence': {
    type: 'eql',
    query: `sequence by ?user.name, ?source.ip with maxspan=30d
      [any where true] with runs=2
      [any where kubernetes.audit.verb != null]
      until [any where kubernetes.audit.responseStatus.code >= 500]`,
  },
};

/** Every event of every file that can be read, in the order of the files. */
function everyEvent(): readonly DecodedEvent[] {
  const texts = [
    ...files('wire-kube-apiserver-*/request-bodies.ndjson').flatMap(lines),
    ...files('falco/k8s_audit/*.json').flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return isJson(text) ? [text] : lines(file);
    }),
    ...files('gitops-reverser/**/*.json').map((file) => readFileSync(file, 'utf8')),
    ...files('panther-analysis/*.ndjson').flatMap((file) =>
      lines(file).map((line) => JSON.stringify(JSON.parse(line).log)),
    ),
  ];
  return texts.flatMap((text) => {
    const batch = decodeDocument(text, RECEIVED);
    return batch.kind === 'batch' ? batch.events : [];
  });
}

/** The number of events, all of which decoded and were read through every field of the table. */
function readEvents(batch: DecodedBatch): number {
  expectKind(batch, 'batch');
  expect(batch.quarantined).toEqual([]);
  for (const event of batch.events) {
    for (const field of FIELDS) {
      const values = field.read(event);
      expect(values).not.toBeNull();
      expect(values).not.toBe('');
    }
  }
  return batch.events.length;
}

/** As `readEvents`, but a document of the version that Kubernetes 1.24 removed may be refused by its name. */
function readDocument(text: string): number {
  const batch = decodeDocument(text, RECEIVED);
  if (!text.includes('audit.k8s.io/v1beta1')) return readEvents(batch);
  expectKind(batch, 'rejected');
  expect(batch.message).toMatch(/audit\.k8s\.io\/v1beta1/);
  return 0;
}

(skip ? describe.skip : describe)('recorded events', () => {
  test('every body of a real API server decodes with no event lost', () => {
    let bodies = 0;
    for (const file of files('wire-kube-apiserver-*/request-bodies.ndjson')) {
      for (const body of lines(file)) {
        const items: readonly unknown[] = JSON.parse(body).items;
        expect(readEvents(decodeBatch(body, RECEIVED))).toBe(items.length);
        bodies++;
      }
    }
    expect(bodies).toBeGreaterThan(0);
  });

  test("Falco's events decode, or are refused by their version", () => {
    let events = 0;
    for (const file of files('falco/k8s_audit/*.json')) {
      const text = readFileSync(file, 'utf8');
      const documents = isJson(text) ? [text] : lines(file);
      for (const document of documents) events += readDocument(document);
    }
    expect(events).toBeGreaterThan(0);
  });

  test('the events of gitops-reverser decode', () => {
    let events = 0;
    for (const file of files('gitops-reverser/**/*.json')) events += readDocument(readFileSync(file, 'utf8'));
    expect(events).toBeGreaterThan(0);
  });

  test("Panther's events of the API server's shape decode; those of other log services are refused", () => {
    let events = 0;
    for (const file of files('panther-analysis/*.ndjson')) {
      for (const line of lines(file)) {
        const { log }: { readonly log: Readonly<Record<string, unknown>> } = JSON.parse(line);
        const batch = decodeDocument(JSON.stringify(log), RECEIVED);
        if (log.kind === 'Event') events += readEvents(batch);
        else expect([basename(file), batch.kind]).toEqual([basename(file), 'rejected']);
      }
    }
    expect(events).toBeGreaterThan(0);
  });
});

(skip ? describe.skip : describe)('recorded events before rules of every type', () => {
  test('no rule breaks on one, and all that they cause is committed', async () => {
    const broad = Object.entries(BROAD).map(([name, spec]) =>
      JSON.stringify({
        apiVersion: 'firstseen.dev/v1alpha1',
        kind: 'DetectionRule',
        metadata: { name },
        spec: { title: name, severity: 'high', ...spec },
      }),
    );
    const { ready, problems, slots } = compileLoaded(
      readYamlRules('rules.yaml', [...ruleMix(), ...broad].join('\n---\n')),
      sha256Hashes,
    );
    expect(problems).toEqual([]);
    const detector = createDetector(
      ready.map(({ rule }) => rule),
      slots,
      sha256Hashes,
    );
    const { send, alerts, store } = evaluation(detector);
    const events = everyEvent();
    for (let start = 0; start < events.length; start += 100) {
      const batch = events.slice(start, start + 100);
      expect(detector.detect('local', batch).faults).toEqual([]);
      await send(...batch);
    }
    const fired = new Set((await alerts()).map(({ spec }) => spec.rule.name));
    await store.close();
    for (const name of Object.keys(BROAD)) expect([name, fired.has(name)]).toEqual([name, true]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
