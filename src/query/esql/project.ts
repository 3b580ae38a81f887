import { compileWildcard } from '../match/wildcard.ts';
import type { CommandOf, NamePattern } from './ast.ts';
import { type Column, CompileError, quoting } from './compiled.ts';
import { findColumn, type Scope } from './scope.ts';
import { failUnknown } from './stage-row.ts';

/**
 * How specific a pattern is. If several match a column, the most specific decides its place, and among equals the last.
 */
const EXACT = 1;
const PATTERN = 2;
const STAR = 3;

/** KEEP: the named columns, in that order. @throws CompileError */
export function compileKeep({ names }: CommandOf<'keep' | 'drop'>, scope: Scope): Scope {
  const kept = new Map<Column, number>();
  for (const pattern of names) {
    const exactness = pattern.pieces.length === 1 ? EXACT : isStar(pattern) ? STAR : PATTERN;
    for (const column of select(pattern, scope)) {
      const before = kept.get(column);
      if (before !== undefined && before < exactness) continue;
      kept.delete(column);
      kept.set(column, exactness);
    }
  }
  return closed(scope, [...kept.keys()]);
}

/** DROP: all but the named columns. @throws CompileError */
export function compileDrop({ names }: CommandOf<'keep' | 'drop'>, scope: Scope): Scope {
  const dropped = new Set(names.flatMap((pattern) => select(pattern, scope)));
  const gone = new Set([...dropped].map(({ name }) => name));
  const { unlisted } = scope;
  const rest = { ...scope, columns: scope.columns.filter((column) => !dropped.has(column)) };
  return unlisted === undefined ? rest : { ...rest, unlisted: (name) => (gone.has(name) ? undefined : unlisted(name)) };
}

/** RENAME: one renaming after another; an existing column with the new name is replaced. @throws CompileError */
export function compileRename({ renamings }: CommandOf<'rename'>, before: Scope): Scope {
  let scope = before;
  for (const { from, to, ...place } of renamings) {
    const column = findColumn(scope, from) ?? failUnknown(scope, from, place);
    const renamed: Column = { name: to, type: column.type, slot: column.slot };
    const isListed = scope.columns.includes(column);
    const others = scope.columns.filter((other) => other === column || other.name !== to);
    const columns = isListed ? others.map((other) => (other === column ? renamed : other)) : [...others, renamed];
    const { unlisted } = scope;
    scope = { ...scope, columns };
    if (unlisted !== undefined) scope = { ...scope, unlisted: (name) => (name === from ? undefined : unlisted(name)) };
  }
  return scope;
}

function isStar({ pieces }: NamePattern): boolean {
  return pieces.every((piece) => piece === '');
}

function select(pattern: NamePattern, scope: Scope): readonly Column[] {
  const [name = ''] = pattern.pieces;
  if (pattern.pieces.length === 1) return [findColumn(scope, name) ?? failUnknown(scope, name, pattern)];
  const matches = compileWildcard(pattern.pieces);
  const found = scope.columns.filter((column) => matches(column.name));
  if (found.length === 0 && !isStar(pattern)) {
    throw new CompileError(pattern, quoting`No matches found for pattern [${pattern}]`);
  }
  return found;
}

function closed({ layout, kql }: Scope, columns: readonly Column[]): Scope {
  return kql === undefined ? { columns, layout } : { columns, layout, kql };
}
