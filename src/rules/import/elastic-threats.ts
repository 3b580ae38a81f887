import { isRecord } from '../document-problem.ts';

/**
 * Converts Elastic's threats: there a tactic has several techniques, which have subtechniques; here each entry is one
 * tactic with at most one technique, and a subtechnique is a technique of its own. Unvalidated, like `spec.threat` at
 * this point.
 */
export function elasticThreats(threats: unknown): unknown {
  if (!Array.isArray(threats)) return threats;
  return threats.flatMap((threat: unknown): readonly unknown[] => {
    if (!isRecord(threat)) return [threat];
    const tactic = idAndName(threat.tactic);
    const techniques = list(threat.technique).flatMap((technique) => [
      technique,
      ...(isRecord(technique) ? list(technique.subtechnique) : []),
    ]);
    if (techniques.length === 0) return [{ tactic }];
    return techniques.map((technique) => ({ tactic, technique: idAndName(technique) }));
  });
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Without the link to MITRE, which follows from the id. */
function idAndName(value: unknown): unknown {
  return isRecord(value) ? { id: value.id, name: value.name } : value;
}
