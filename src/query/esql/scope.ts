import { nearest } from '../nearest.ts';
import { type Column, CompileError, type Environment } from './compiled.ts';
import type { DataType } from './data-type.ts';
import type { Span } from './token.ts';

/** Numbers the slots of a row. */
export interface Layout {
  readonly next: () => number;
}

export function createLayout(): Layout {
  let slots = 0;
  return {
    next: () => {
      slots += 1;
      return slots - 1;
    },
  };
}

/** The columns that a command sees, in the order of the result. */
export interface Scope {
  readonly columns: readonly Column[];
  readonly layout: Layout;
  /** Resolves unlisted names, such as the deeper paths of an event. */
  readonly unlisted?: (name: string) => Column | undefined;
  /** Registers a KQL condition while there is a document to evaluate, and returns its index, see `Origin`. */
  readonly kql?: (text: string, place: Span) => number;
  /** The name that was most likely meant by an unknown one. */
  readonly suggest?: (name: string) => string | undefined;
}

export function findColumn({ columns, unlisted }: Scope, name: string): Column | undefined {
  return columns.find((column) => column.name === name) ?? unlisted?.(name);
}

export function suggestColumn({ columns, suggest }: Scope, name: string): string | undefined {
  const names = columns.map((column) => column.name);
  return nearest(name, names) ?? suggest?.(name);
}

/** A new column with a slot. */
export function createColumn(layout: Layout, name: string, type: DataType): Column {
  const slot = layout.next();
  return { name, type, slot: () => slot };
}

/** The same columns followed by more; a new column replaces one of the same name. */
export function addColumns(scope: Scope, added: readonly Column[]): Scope {
  const last = added.filter(({ name }, index) => !added.slice(index + 1).some((other) => other.name === name));
  const names = new Set(last.map(({ name }) => name));
  return { ...scope, columns: [...scope.columns.filter(({ name }) => !names.has(name)), ...last] };
}

/** What an expression in this scope can see. */
export function environmentOf(scope: Scope, where: 'condition' | 'group' | 'other'): Environment {
  return {
    column: (name) => findColumn(scope, name),
    suggestColumn: (name) => suggestColumn(scope, name),
    grouping: where === 'group',
    kqlCondition: (text, place) => {
      if (scope.kql !== undefined && where === 'condition') return scope.kql(text, place);
      const message =
        where === 'condition'
          ? '[KQL] function cannot be used where there are no documents: behind ROW and STATS'
          : '[KQL] function is only supported in WHERE and STATS commands';
      throw new CompileError(place, message, 'write | WHERE KQL("…") directly after FROM');
    },
  };
}
