import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { FIRST_OF_USERS } from '../sql/type-sql.js';

/** Names of a type, its labels by their oids and its attributes by their numbers; nothing is deparsed. */
export interface RawType extends Row, QualifiedName {
  readonly oid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Every table, view and the like has a type of its rows, which follows from it. */
const ROW_TYPE_OF_TABLE = `SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c'`;

/**
 * Types of one's own of which a catalog row is as young as the transaction $1. ALTER TYPE leaves no lock to be seen
 * (PROTOCOL section 4, number 3), and a subtransaction has another xid, but always a younger one. Rows that others
 * made meanwhile count as well: a type too many does no harm, it is compared by its content afterwards. No catalog has an
 * index for this, and all of them grow with the fleet. So of pg_constraint the part that is about domains is read
 * (> is found by index, <> is not), and attributes are read of relations $2 alone: a composite type is one, and whatever
 * changes its attributes locks it as ALTER TABLE locks a table.
 */
const written = (column: 'xmin' | 'xmax'): string => {
  const young = (row: string): string => `age(${row}.${column}) <= age($1::text::xid8::xid)`;
  const used = column === 'xmin' ? '' : ' AND xmax <> 0';
  return `
  SELECT t.oid FROM pg_type t WHERE t.oid >= ${FIRST_OF_USERS} AND ${young('t')}${used.replace('xmax', 't.xmax')}
         AND t.typtype IN ('e', 'd', 'c', 'r') AND NOT EXISTS (${ROW_TYPE_OF_TABLE})
  UNION SELECT e.enumtypid FROM pg_enum e WHERE ${young('e')}${used.replace('xmax', 'e.xmax')}
  UNION SELECT k.contypid FROM pg_constraint k WHERE k.contypid > 0 AND ${young('k')}${used.replace('xmax', 'k.xmax')}
  UNION SELECT c.reltype FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.oid = ANY ($2::oid[]) AND c.relkind = 'c' AND ${young('a')}${used.replace('xmax', 'a.xmax')}`;
};

const textFor = (column: 'xmin' | 'xmax'): string =>
  `SELECT oid::text AS oid FROM (${written(column)}) AS written`;

const WRITTEN = { xmin: textFor('xmin'), xmax: textFor('xmax') };

/** An open transaction, and the relations that it touched. */
export interface OpenTransaction {
  /** Its id, an xid8. */
  readonly xid: string;
  readonly touched: readonly string[];
}

/**
 * The oids of the types that the open transaction of `session` made, changed or dropped. What it made shows
 * there; what it dropped or replaced shows to `anchor`, another session, as rows with its xmax.
 */
export async function changedTypes(
  session: Session,
  anchor: Session,
  { xid, touched }: OpenTransaction,
): Promise<string[]> {
  const ask = (on: Session, column: 'xmin' | 'xmax'): Promise<{ oid: string }[]> =>
    on.prepared(WRITTEN[column], [xid, touched]);
  const [made, gone] = await Promise.all([ask(session, 'xmin'), ask(anchor, 'xmax')]);
  return [...new Set([...made, ...gone].map(({ oid }) => oid))];
}

const RAW = `
  SELECT t.oid::text AS oid, n.nspname::text AS schema, t.typname::text AS name,
         (SELECT coalesce(json_object_agg(e.oid, e.enumlabel), '{}'::json)
            FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
         (SELECT coalesce(json_object_agg(a.attnum, a.attname), '{}'::json) FROM pg_attribute a
           WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE t.oid = ANY ($1::oid[]) AND t.typtype IN ('e', 'd', 'c', 'r') AND NOT EXISTS (${ROW_TYPE_OF_TABLE})`;

/** These types as the session's snapshot sees them: on another connection than the one whose DDL is open. */
export async function readRawTypes(session: Session, oids: readonly string[]): Promise<RawType[]> {
  return oids.length === 0 ? [] : session.prepared<RawType>(RAW, [oids]);
}
