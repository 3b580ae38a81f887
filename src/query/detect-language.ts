/** A language that a person may search in. */
export type SearchLanguage = 'kuery' | 'eql' | 'esql';

/** Comments and blanks in front; KQL has no comments. */
const BEFORE = /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/;
/** A command that begins a query of ES|QL, and what it is about: not a field of KQL, behind which a colon would stand. */
const ESQL = /^(?:from|row|show|ts)\s+[^\s:<>]/i;
/** An event query with its category, or a sequence. */
const EQL = /^(?:(?:[a-z_]\w*|"[^"\n]*")\s+where\s|(?:sequence|sample|join)(?:\s+(?:by|with)\s|\s*\[))/i;

/** The language that a query looks to be written in: the first words of ES|QL and of EQL begin nothing of KQL. */
export function detectLanguage(source: string): SearchLanguage {
  const text = source.replace(BEFORE, '');
  if (ESQL.test(text)) return 'esql';
  return EQL.test(text) ? 'eql' : 'kuery';
}
