import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryFolder } from './temporary-folder.ts';

/** Writes a rule of a test's own, for `rules` of firstseen, and gives the path of its file. */
export function writeRule(name: string, spec: Readonly<Record<string, unknown>>): string {
  const file = join(createTemporaryFolder('rules'), `${name}.yaml`);
  const common = {
    title: `The rule ${name} of a test`,
    type: 'query',
    language: 'kuery',
    severity: 'high',
    riskScore: 1,
  };
  const document = {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { ...common, ...spec },
  };
  writeFileSync(file, JSON.stringify(document));
  return file;
}
