/** As much of PromQL as the expressions in deploy/monitoring/ use. */

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}

export interface Aggregation {
  /** The labels that are left. */
  readonly by: readonly string[];
  readonly over: readonly Selector[];
}

const METRIC = /\b((?:firstseen|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g;

/** Every metric that an expression selects. */
export function selectorsOf(expr: string): readonly Selector[] {
  return [...expr.matchAll(METRIC)].map(([, metric = '', matchers = '']) => ({
    metric,
    matchers: [...matchers.matchAll(MATCHER)].map(([, label = '', pattern = '']) => ({
      label,
      values: pattern.split('|'),
    })),
  }));
}

/** Every `by (…) (…)` of an expression, the outermost first. */
export function aggregationsOf(expr: string): readonly Aggregation[] {
  return [...expr.matchAll(/\bby \(([^)]*)\) \(/g)].map((match) => {
    const start = match.index + match[0].length;
    return {
      by: (match[1] ?? '').split(',').map((label) => label.trim()),
      over: selectorsOf(expr.slice(start, endOfGroup(expr, start))),
    };
  });
}

/** Where the parenthesis closes that was opened before `start`. */
function endOfGroup(expr: string, start: number): number {
  let depth = 1;
  let at = start;
  for (; at < expr.length && depth > 0; at++) {
    if (expr[at] === '(') depth++;
    else if (expr[at] === ')') depth--;
  }
  return at - 1;
}
