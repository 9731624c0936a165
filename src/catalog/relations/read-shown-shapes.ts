import { createHash } from 'node:crypto';
import { groupBy } from '../../group-by.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { readForeignTables } from './read-foreign-tables.js';
import { remoteOf, type ForeignTable } from './relation.js';

/** How a veneer shows a schema of a shard. */
export interface ShownShape {
  /** Of the foreign server. */
  readonly server: string;
  /** The schema on the shard. */
  readonly schema: string;
  /** Equal where schemas of two tenants are shown alike, whatever their names. */
  readonly shape: string;
  /** Equal as long as no foreign table of it changes. */
  readonly exact: string;
}

/** A row for each schema of these servers that the veneer shows something of. Waits for whoever holds a lock on a definition. */
export async function readShownShapes(
  session: Session,
  servers: readonly string[],
): Promise<readonly ShownShape[]> {
  const tables = await readForeignTables(session, servers);
  const bySchema = groupBy(tables, (table) => JSON.stringify([table.server, remoteOf(table).schema]));
  return [...bySchema.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { schema } = remoteOf(first);
    return [{ server: first.server, schema, shape: digest(own.map(neutral)), exact: digest(own.map(exact)) }];
  });
}

/** Its oid tells that it was made anew, which dropped its grants; the definition what was altered. */
const exact = (table: ForeignTable): string => JSON.stringify(table);

/** By the relation that it shows; what is called like its schema on either side is left out. */
function neutral(table: ForeignTable): string {
  const { schema, name } = remoteOf(table);
  const columns = table.columns.map(({ userType, ...column }) => ({
    ...column,
    own: userType?.schema === table.schema,
    type: column.type.replaceAll(`${ident(table.schema)}.`, ''),
  }));
  const options = { ...table.options, schema_name: '', table_name: '' };
  const text = JSON.stringify({ name, attached: table.parent !== null, columns, options });
  return text.replaceAll(JSON.stringify(schema), '""');
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts.toSorted())).digest('hex');
