import type { TenantConfig } from '../../config/config.js';
import { display, ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';

/** What a backfill has to know of its table. */
export interface FillTable {
  readonly key: readonly KeyColumn[];
  /** PostgreSQL's own estimate of its rows; null: it has none. */
  readonly about: number | null;
}

/** A column of the key by which a backfill goes through its table. */
export interface KeyColumn {
  readonly name: string;
  /** As SQL writes it: what stands in `behind` is cast to it. */
  readonly type: string;
}

/** Why a table cannot be gone through; null: it can. */
export type FillRefusal = { readonly why: string; readonly hint: string };

interface TableRow extends Row {
  kind: string;
  about: number;
  foreign: boolean;
  key: readonly (KeyColumn & { readonly own: boolean })[] | null;
}

/** Reads a tenant's table. Its key's order is that of its index, so that each batch is a range of it. */
export async function readFillTable(
  session: Session,
  { schema }: TenantConfig,
  name: string,
): Promise<FillTable | FillRefusal> {
  const [table] = await session.query<TableRow>(
    `SELECT c.relkind::text AS kind, c.reltuples::float8 AS about,
            EXISTS (SELECT FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE p.relkind = 'f') AS foreign,
            (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                              'own', y.typtype <> 'e' AND coalesce(b.typnamespace, y.typnamespace) <> 'pg_catalog'::regnamespace) ORDER BY k.at)
               FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
               JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = y.typbasetype AND y.typtype = 'd'
              WHERE i.indrelid = c.oid AND i.indisprimary AND k.at <= i.indnkeyatts) AS key
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, name],
  );
  const shown = display({ schema, name });
  if (table === undefined)
    return { why: `${shown} is not there`, hint: 'names are those of the tenant, without a schema' };
  if (!['r', 'p'].includes(table.kind) || table.foreign)
    return {
      why: `${shown} is no table whose rows live on this shard alone`,
      hint: 'fill the tables in which the rows live, each on its own shard',
    };
  if (table.key === null)
    return {
      why: `${shown} has no primary key, in whose order a backfill goes through it`,
      hint: 'add one, in a migration before',
    };
  const odd = table.key.find(({ own }) => own);
  if (odd !== undefined)
    return {
      why: `${odd.name}, of the primary key of ${shown}, is ${odd.type}: only PostgreSQL's own types are compared in the order of the key`,
      hint: 'update its rows in a migration with a transaction',
    };
  return { key: table.key, about: table.about < 0 ? null : table.about };
}

/** `("a", "b")`, or `"a"`. */
export const keyList = (key: readonly KeyColumn[]): string => row(key.map(({ name }) => ident(name)));

/** The values of a row as SQL, in the types of the key; placeholders from `first` on. */
export const keyValues = (key: readonly KeyColumn[], first: number): string =>
  row(key.map(({ type }, at) => `($${first + at}::text)::${type}`));

const row = (parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`;
