import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DecodedBatch, decodeBatch, decodeDocument } from '../../src/audit/decode.ts';
import { FIELDS } from '../../src/ecs/fields.ts';

/** Real events that others recorded. They stand beside the project where its developers work and are no part of it. */
const CORPORA = fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
const skip = existsSync(CORPORA) ? false : 'the corpora of recorded events (../shared/corpora) are not on this machine';
const RECEIVED = Date.UTC(2027, 0, 1) * 1000;

function files(pattern: string): readonly string[] {
  const found = globSync(pattern, { cwd: CORPORA }).sort();
  assert(found.length > 0, `nothing matches ${pattern}`);
  return found.map((file) => join(CORPORA, file));
}

function lines(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** The number of events, all of which decoded and were read through every field of the table. */
function readEvents(batch: DecodedBatch, place: string): number {
  assert(batch.kind === 'batch', `${place}: ${JSON.stringify(batch)}`);
  assert.deepEqual(batch.quarantined, [], place);
  for (const event of batch.events) {
    for (const field of FIELDS) {
      const values = field.read(event);
      assert(values !== null && values !== '', `${place}: ${field.name}`);
    }
  }
  return batch.events.length;
}

/** As `readEvents`, but a document of the version that Kubernetes 1.24 removed may be refused by its name. */
function readDocument(text: string, place: string): number {
  const batch = decodeDocument(text, RECEIVED);
  if (!text.includes('audit.k8s.io/v1beta1')) return readEvents(batch, place);
  assert(batch.kind === 'rejected', place);
  assert.match(batch.message, /audit\.k8s\.io\/v1beta1/, place);
  return 0;
}

describe('recorded events', { skip }, () => {
  test('every body of a real API server decodes with no event lost', () => {
    let bodies = 0;
    for (const file of files('wire-kube-apiserver-*/request-bodies.ndjson')) {
      for (const body of lines(file)) {
        const items: readonly unknown[] = JSON.parse(body).items;
        assert.equal(readEvents(decodeBatch(body, RECEIVED), `body ${bodies}`), items.length);
        bodies++;
      }
    }
    assert(bodies > 0);
  });

  test("Falco's events decode, or are refused by their version", () => {
    let events = 0;
    for (const file of files('falco/k8s_audit/*.json')) {
      const text = readFileSync(file, 'utf8');
      const documents = isJson(text) ? [text] : lines(file);
      for (const document of documents) events += readDocument(document, basename(file));
    }
    assert(events > 0);
  });

  test('the events of gitops-reverser decode', () => {
    let events = 0;
    for (const file of files('gitops-reverser/**/*.json'))
      events += readDocument(readFileSync(file, 'utf8'), basename(file));
    assert(events > 0);
  });

  test("Panther's events of the API server's shape decode; those of other log services are refused", () => {
    let events = 0;
    for (const file of files('panther-analysis/*.ndjson')) {
      for (const line of lines(file)) {
        const { log }: { readonly log: Readonly<Record<string, unknown>> } = JSON.parse(line);
        const batch = decodeDocument(JSON.stringify(log), RECEIVED);
        if (log.kind === 'Event') events += readEvents(batch, basename(file));
        else assert.equal(batch.kind, 'rejected', basename(file));
      }
    }
    assert(events > 0);
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
