import type { FieldValue, FieldValues } from '../ecs/field.ts';
import type { ReadOverrides, SlottedField } from './compiled-rule.ts';
import { type RiskScoreMappingDocument, type RuleDocument, SEVERITIES } from './document.ts';

/** The only field that Elastic compares as a number: its type there is long. */
const NUMERIC_FIELD = 'event.severity';

/**
 * The overrides of a rule as a function of an event; undefined for a rule without any, which then costs nothing.
 *
 * Which values count and which mapping wins is as in Kibana (`rule_types/utils/mappings`): texts and whole numbers,
 * compared as texts; one value of an array is enough; a title is a single text.
 * @param field finds a field, and reports an unknown one
 */
export function compileOverrides(
  { severityMapping, riskScoreMapping, ruleNameOverride }: RuleDocument,
  field: (name: string, path: readonly (string | number)[]) => readonly SlottedField[],
): ReadOverrides | undefined {
  const severities = severityMapping
    .flatMap((mapping, i) => field(mapping.field, ['severityMapping', i, 'field']).map((at) => ({ at, ...mapping })))
    .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  const scores = riskScoreMapping.flatMap((mapping, i) =>
    field(mapping.field, ['riskScoreMapping', i, 'field']).map((at) => ({ at, mapping })),
  );
  const [title] = ruleNameOverride === undefined ? [] : field(ruleNameOverride, ['ruleNameOverride']);
  if (severities.length === 0 && scores.length === 0 && title === undefined) return undefined;

  return (read) => {
    const severity = severities.find(({ at, value }) => equalsOne(at.name, value, read(at)))?.severity;
    const riskScore = firstScore(
      scores.map(
        ({ at, mapping }) =>
          () =>
            scoreOf(mapping, read(at)),
      ),
    );
    const name = title === undefined ? undefined : read(title);
    return {
      ...(severity !== undefined && { severity }),
      ...(riskScore !== undefined && { riskScore }),
      ...(typeof name === 'string' && { title: name }),
    };
  };
}

function equalsOne(field: string, wanted: string, values: FieldValues): boolean {
  if (field === NUMERIC_FIELD) return listOf(values).includes(Math.floor(Number(wanted)));
  return listOf(values).some((value) => isTextOrInteger(value) && String(value) === wanted);
}

function isTextOrInteger(value: FieldValue): boolean {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

function firstScore(scores: readonly (() => number | undefined)[]): number | undefined {
  for (const score of scores) {
    const found = score();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The score of a mapping that applies: its own, or the highest number from 0 to 100 among the field's values. */
function scoreOf({ value, riskScore }: RiskScoreMappingDocument, values: FieldValues): number | undefined {
  const all = listOf(values);
  if (value !== undefined && !all.some((one) => isTextOrInteger(one) && String(one) === value)) return undefined;
  if (riskScore !== undefined) return all.length === 0 ? undefined : riskScore;
  const numbers = all
    .filter((one) => typeof one !== 'boolean')
    .map(Number)
    .filter((one) => one >= 0 && one <= 100);
  return numbers.length === 0 ? undefined : Math.round(Math.max(...numbers));
}

function listOf(values: FieldValues): readonly FieldValue[] {
  if (values === undefined) return [];
  return typeof values === 'object' ? values : [values];
}
