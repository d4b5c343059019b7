/** Tables as values: they cross as Arrow IPC streams. */
import type { Column } from '../../data/column-type.ts';
import { Table } from '../../data/table.ts';
import { formName, plainForm, type ValueForm } from '../../wire/value-form.ts';
import type { ValueAdapter } from '../../wire/value-snapshot.ts';

export const tableAdapter: ValueAdapter = {
  kind: 'table',
  matches: (value) => value instanceof Table,
  encode: (table) => (table as Table).toArrow(),
  decode: async (bytes) => {
    // Loaded when the first table arrives.
    const { tableFromArrow } = await import('../../data/index.ts');
    return tableFromArrow(bytes);
  },
  shape: (table) => [(table as Table).rowCount, (table as Table).columns.length],
  form: (table) => {
    const { columns, rowCount } = table as Table;
    return tableForm(columns, rowCount);
  },
};

/** The form of a table of these columns. */
export const tableForm = (columns: readonly Column[], rowCount: number): ValueForm =>
  plainForm(tableWords(columns), [rowCount, columns.length]);

/** Columns with their types: `table(id VARCHAR, income DOUBLE)`. */
export function tableWords(columns: readonly Column[]): string {
  const words = columns.map(({ name, type }) => `${formName(name)} ${type}`);
  return `table(${words.join(', ')})`;
}
