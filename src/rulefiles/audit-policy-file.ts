import { LineCounter } from 'yaml';
import type { AuditPolicy } from '../policy/audit-policy.ts';
import { auditPolicyOf } from '../policy/policy-schema.ts';
import { excerptAt, type FileProblem } from './file-problem.ts';
import { linesOf } from './places.ts';
import { faultsOf, isEmpty, parseDocuments, TOO_DEEP, toValue } from './yaml-documents.ts';
import { offsetPlace, yamlPlaces } from './yaml-places.ts';

export type AuditPolicyFile =
  | { readonly kind: 'ok'; readonly policy: AuditPolicy }
  | { readonly kind: 'invalid'; readonly problems: readonly FileProblem[] };

/**
 * Parses an audit policy in YAML or JSON; its rules know their lines. `file` names the text in problems. Never throws:
 * problems have their place.
 */
export function parseAuditPolicy(text: string, file = 'audit-policy.yaml'): AuditPolicyFile {
  const counter = new LineCounter();
  const lines = linesOf(text);
  const problemAt = (offset: number, message: string): FileProblem => {
    const place = offsetPlace(counter, lines, offset);
    return { file, place, message, excerpt: excerptAt(lines, place) };
  };
  const invalid = (...problems: readonly FileProblem[]): AuditPolicyFile => ({ kind: 'invalid', problems });

  const documents = parseDocuments(text, counter);
  if (documents === undefined) return invalid(problemAt(0, TOO_DEEP));
  const faults = documents.flatMap(faultsOf);
  if (faults.length > 0) return invalid(...faults.map(({ offset, message }) => problemAt(offset, message)));
  const [document, second] = documents.filter((each) => !isEmpty(each));
  if (document === undefined) return invalid(problemAt(0, 'expected an audit policy, found nothing'));
  if (second !== undefined) {
    const offset = second.contents?.range?.[0] ?? 0;
    return invalid(problemAt(offset, 'expected one document, but another one begins here'));
  }
  const read = toValue(document);
  if (read.kind === 'unsound') return invalid(problemAt(0, read.message));
  const result = auditPolicyOf(read.value);
  const places = yamlPlaces(document, counter, lines);
  if (result.kind === 'ok') {
    const rules = result.policy.rules.map((rule, index) => ({ ...rule, line: places.at(['rules', index]).line }));
    return { kind: 'ok', policy: { ...result.policy, rules } };
  }
  return invalid(
    ...result.problems.map(({ path, on, message, hint }): FileProblem => {
      const place = places.at(path, on);
      return { file, place, message, excerpt: excerptAt(lines, place), ...(hint === undefined ? {} : { hint }) };
    }),
  );
}
