import type { TableConstructorOptions } from 'cli-table3';

const EDGES = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((edge) => [edge, `${edge}-mid`]);

/** A table as kubectl prints it: no lines, columns three spaces apart. */
export const PLAIN_TABLE: TableConstructorOptions = {
  chars: {
    ...Object.fromEntries(EDGES.map((edge) => [edge, ''])),
    'top-left': '',
    'top-right': '',
    'bottom-left': '',
    'bottom-right': '',
    middle: '   ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
};

export function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
