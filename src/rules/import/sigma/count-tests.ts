import type { Search } from './search.ts';

/** The number of tests that a query needs for it; at least 1. */
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
