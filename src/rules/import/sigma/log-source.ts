import { describeValue, isRecord, quoteName } from '../../document-problem.ts';
import { type Findings, note } from './findings.ts';

const PARTS = ['category', 'product', 'service'];

/**
 * Names the data that a rule needs, if it is not Kubernetes audit events.
 * @see https://sigmahq.io specification v2, "LogSource"
 */
export function readLogSource(logsource: unknown, findings: Findings): void {
  if (!isRecord(logsource)) {
    const message =
      logsource === undefined ? 'missing: logsource' : `expected a log source, found ${describeValue(logsource)}`;
    findings.problems.push({ path: ['logsource'], message, hint: 'write product: kubernetes, service: audit' });
    return;
  }
  const { category, product, service } = logsource;
  const isAudit =
    product === 'kubernetes' &&
    (service ?? 'audit') === 'audit' &&
    (category === undefined || category === null || category === 'application');
  if (!isAudit) {
    const name = quoteName(PARTS.flatMap((part) => (logsource[part] ? [`${part} ${logsource[part]}`] : [])).join(', '));
    const needed = name === '' ? 'a log source without a name' : name;
    const message = `needs other data: ${needed}; firstseen has Kubernetes audit events only`;
    findings.reasons.push({ kind: 'data', name: needed, message, path: ['logsource'] });
    return;
  }
  if (service === undefined) note(findings, 'the log source has no service; audit events are assumed');
  for (const key of Object.keys(logsource)) {
    if (![...PARTS, 'definition'].includes(key)) note(findings, `logsource.${quoteName(key)} is ignored`);
  }
}
