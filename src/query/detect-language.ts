/** A language that a person may search in. */
export type SearchLanguage = 'kuery' | 'eql' | 'esql';

/** Comments and blanks at the start; KQL has no comments. */
const BEFORE = /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/;
/** A source command of ES|QL and its argument. In KQL the word would be a field, followed by a colon. */
const ESQL = /^(?:from|row|show|ts)\s+[^\s:<>]/i;
/** An event query with its category, or a sequence. */
const EQL = /^(?:(?:[a-z_]\w*|"[^"\n]*")\s+where\s|(?:sequence|sample|join)(?:\s+(?:by|with)\s|\s*\[))/i;

/** The likely language of a query. ES|QL and EQL begin with words that no KQL query begins with. */
export function detectLanguage(source: string): SearchLanguage {
  const text = source.replace(BEFORE, '');
  if (ESQL.test(text)) return 'esql';
  return EQL.test(text) ? 'eql' : 'kuery';
}
