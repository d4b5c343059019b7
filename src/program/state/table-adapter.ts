/** Tables as values: they cross as Arrow IPC streams. */
import { Table } from '../../data/table.ts';
import { formName, plainForm } from '../../wire/value-form.ts';
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
    const words = columns.map(({ name, type }) => `${formName(name)} ${type}`);
    return plainForm(`table(${words.join(', ')})`, [rowCount, columns.length]);
  },
};
