import { quoteName } from '../../document-problem.ts';
import { whyNever } from './field-mapping.ts';
import type { Leaf, Search } from './search.ts';
import { matchesText, type TextPattern } from './sigma-text.ts';

const AUDIT = 'kubernetes.audit.';
/**
 * @see k8s.io/apiserver/pkg/endpoints/request `RequestInfoFactory`: of a request for a resource; `proxy` is of old
 * paths
 */
const RESOURCE_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'proxy'];

const MOST_SHOWN = 8;

/** Fields with a closed set of values. */
const CLOSED: ReadonlyMap<string, readonly string[]> = new Map([
  [`${AUDIT}stage`, ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']],
  [`${AUDIT}level`, ['Metadata', 'Request', 'RequestResponse']],
  [`${AUDIT}annotations.authorization.k8s.io/decision`, ['allow', 'forbid']],
  [`${AUDIT}annotations.authorization_k8s_io/decision`, ['allow', 'forbid']],
  ['event.outcome', ['success', 'failure']],
]);

const VERB_FIELDS = [`${AUDIT}verb`, 'event.action'];
const RESOURCE_FIELDS = [`${AUDIT}objectRef.`, 'orchestrator.resource.'];

/**
 * Why no event of an API server can match the condition, in parts of sentences; undefined if some event may. It reports
 * only what is certain.
 */
export function neverMatches(search: Search): readonly string[] | undefined {
  return isNever(search) ? [...new Set(reasonsOf(search))].slice(0, MOST_SHOWN) : undefined;
}

function isNever(search: Search): boolean {
  switch (search.kind) {
    case 'and':
      return search.operands.some(isNever) || impossibleVerbs(search.operands).length > 0;
    case 'or':
      return search.operands.every(isNever);
    case 'not':
      // The negation of an impossible condition always holds; "always" is not tracked here.
      return false;
    default:
      return search.field.never === true || impossibleValue(search) !== undefined;
  }
}

/** Reasons why a condition never matches: the first few are enough. */
function reasonsOf(search: Search): readonly string[] {
  switch (search.kind) {
    case 'and': {
      const never = search.operands.filter(isNever).slice(0, MOST_SHOWN);
      return [...never.flatMap(reasonsOf), ...impossibleVerbs(search.operands)];
    }
    case 'or':
      return search.operands.slice(0, MOST_SHOWN).flatMap(reasonsOf);
    case 'not':
      return [];
    default:
      return [search.field.never === true ? whyNever(search.field) : (impossibleValue(search) ?? '')];
  }
}

/** Verbs of a list that no request for a resource has, while others may match: in sentences. */
export function idleValues(search: Search): readonly string[] {
  if (search.kind === 'not') return idleValues(search.operand);
  if (search.kind !== 'and' && search.kind !== 'or') return [];
  const below = search.operands.flatMap(idleValues);
  if (search.kind === 'or' || !asksForResource(search.operands)) return below;
  return [
    ...below,
    ...search.operands.flatMap((operand) => {
      if (operand.kind !== 'text' || !VERB_FIELDS.includes(operand.field.name)) return [];
      const idle = operand.patterns.filter((pattern) => !isOneOf([pattern], RESOURCE_VERBS));
      if (idle.length === 0 || idle.length === operand.patterns.length) return [];
      return [`no request for a resource has the ${operand.field.sigma} ${shownList(idle)}; the others may match`];
    }),
  ];
}

function impossibleValue(leaf: Leaf): string | undefined {
  const { field } = leaf;
  if (leaf.kind !== 'text') return undefined;
  const shown = shownList(leaf.patterns);
  switch (field.type) {
    case 'integer':
      return leaf.patterns.some(mayBeNumber) ? undefined : `${field.sigma} is a number and never ${shown}`;
    case 'boolean':
      return isOneOf(leaf.patterns, ['true', 'false'])
        ? undefined
        : `${field.sigma} is true or false and never ${shown}`;
    default: {
      const values = CLOSED.get(field.name);
      if (values === undefined || isOneOf(leaf.patterns, values)) return undefined;
      return `${field.sigma} is never ${shown}, only ${values.join(', ')}`;
    }
  }
}

/**
 * A request for a resource has one of a few verbs; for other requests the verb is any method that the client invents.
 */
function impossibleVerbs(operands: readonly Search[]): readonly string[] {
  if (!asksForResource(operands)) return [];
  return operands.flatMap((operand) => {
    if (operand.kind !== 'text' || !VERB_FIELDS.includes(operand.field.name)) return [];
    if (isOneOf(operand.patterns, RESOURCE_VERBS)) return [];
    const shown = shownList(operand.patterns);
    return [`${operand.field.sigma} is never ${shown} on a request for a resource`];
  });
}

function isOneOf(patterns: readonly TextPattern[], values: readonly string[]): boolean {
  return patterns.some((pattern) => values.some((value) => matchesText(pattern, value)));
}

function mayBeNumber(pattern: TextPattern): boolean {
  return pattern.every((piece) => typeof piece !== 'object' || /^[-\d]*$/.test(piece.literal));
}

function asksForResource(operands: readonly Search[]): boolean {
  return operands.some(
    (operand) =>
      (operand.kind === 'text' || operand.kind === 'exists') &&
      RESOURCE_FIELDS.some((start) => operand.field.name.startsWith(start)),
  );
}

function shownList(patterns: readonly TextPattern[]): string {
  return patterns
    .slice(0, MOST_SHOWN)
    .map((pattern) =>
      quoteName(pattern.map((piece) => (piece === 'any' ? '*' : piece === 'one' ? '?' : piece.literal)).join('')),
    )
    .join(', ');
}
