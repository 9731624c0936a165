import type { DefaultExpression } from '../../../src/catalog/expressions/expression.js';
import type { Column, ForeignColumn, ForeignTable } from '../../../src/catalog/relations/relation.js';
import type { TenantConfig } from '../../../src/config/config.js';
import type { Definition } from '../../../src/veneer/exposure/definition.js';
import { exposureOf, type Exposure } from '../../../src/veneer/exposure/exposure.js';

/** A column as `name type [NOT NULL]`: text that reads well in a test. */
export function column(text: string): Column {
  const notNull = text.endsWith(' NOT NULL');
  const [name = '', type = 'text'] = text.replace(' NOT NULL', '').split(' ');
  return { name, type, userType: null, notNull, collation: null, generated: null, default: null };
}

/** An expression whose text is its own key; `copiedSince` null: it is not to be copied. */
export const expression = (sql: string, copiedSince: number | null = 0): DefaultExpression => ({
  sql,
  key: sql,
  copiedSince,
});

/** A column of a foreign table as the veneer has it, with its column_name (default: its own name). */
export function foreignColumn(text: string, remote?: string): ForeignColumn {
  const plain = column(text);
  return { ...plain, options: { column_name: remote ?? plain.name } };
}

/** What the table of tenant t must look like: `t.books`, over the shard's relation of the same name. */
export const definition = (
  name: string,
  columns: readonly string[],
  more: Partial<Definition> = {},
): Definition => ({
  schema: 't',
  name,
  server: 's',
  remote: { schema: 't', name },
  columns: columns.map(column),
  tenant: 't',
  partition: null,
  ...more,
});

/** The foreign table that a definition makes. */
export const tableOf = (
  { schema, name, server, remote, columns }: Definition,
  oid = `oid of ${name}`,
): ForeignTable => ({
  oid,
  schema,
  name,
  server,
  owner: 'admin',
  options: { schema_name: remote.schema, table_name: remote.name },
  parent: null,
  columns: columns.map((one) => ({ ...one, options: { column_name: one.name } })),
});

/** The exposure of a shard with these tenants, under the default rule or these. */
export const exposure = (
  tenants: readonly TenantConfig[] = [{ name: 't', shard: 's1', schema: 't' }],
  expose: Exposure['rules'] = [],
): Exposure => exposureOf({ expose }, { key: 's1', server: { name: 's', options: {} }, tenants });
