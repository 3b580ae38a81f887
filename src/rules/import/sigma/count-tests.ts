import type { Search } from './search.ts';

/** How many tests a query has to spell out for it; 1 at least. */
export function countTests(search: Search | undefined): number {
  switch (search?.kind) {
    case 'and':
    case 'or':
      return search.operands.reduce((sum, operand) => sum + countTests(operand), 0) || 1;
    case 'not':
      return countTests(search.operand);
    case 'text':
      return search.patterns.length;
    case 'number':
      return search.values.length;
    case 'cidr':
      return search.ranges.length;
    case 'regex':
      return search.sources.length;
    default:
      return 1;
  }
}
