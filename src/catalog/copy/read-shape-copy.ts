import { ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { EDGES } from './copy-edges-sql.js';
import { COMMENTS, FLAGS } from './copy-flags-sql.js';
import { LATE_PARTS, PARTS } from './copy-parts-sql.js';
import { REFUSED } from './copy-refused-sql.js';
import { RELATIONS } from './copy-relations-sql.js';
import { TYPES_AND_FUNCTIONS } from './copy-types-sql.js';
import { readGrants } from '../read-grants.js';
import { inOrder, mentions, type CopyEdge, type CopyItem, type ShapeCopy } from './shape-copy.js';

/**
 * Reads a schema as what makes it anew, in an open transaction, whose search path it leaves at that schema: PostgreSQL's own
 * deparsers then write what lies in it without its name (ruleutils.c, generate_relation_name). Waits for whoever holds a lock
 * on a definition.
 */
export async function readShapeCopy(session: Session, schema: string): Promise<ShapeCopy> {
  await session.run(`SET LOCAL search_path TO ${ident(schema)}`);
  const ask = <R extends Row>(sql: string): Promise<R[]> => session.query<R>(sql, [schema]);
  const early = [...(await readItems(ask, TYPES_AND_FUNCTIONS)), ...(await readItems(ask, RELATIONS)), ...(await readItems(ask, PARTS))]; // prettier-ignore
  const late = [...(await readItems(ask, LATE_PARTS)), ...(await readItems(ask, FLAGS))];
  const comments = await readItems(ask, COMMENTS);
  const { items, cyclic } = inOrder(early, await ask<CopyEdge & Row>(EDGES));
  const refused = await ask<{ refused: string }>(REFUSED);
  const [own] = await ask<{ comment: string | null }>(
    `SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1`,
  );
  return {
    comment: own?.comment ?? null,
    items: [...items, ...byRank(late), ...comments],
    grants: await readGrants(session, schema),
    refused: [
      ...refused.map((row) => row.refused),
      ...cyclic.map((object) => `${object}, which needs itself`),
      ...[...items, ...late].filter(isUnread).map(({ object }) => `${object}, which could not be read`),
    ],
  };
}

const readItems = (ask: (sql: string) => Promise<Row[]>, sql: string): Promise<CopyItem[]> =>
  ask(sql) as Promise<unknown> as Promise<CopyItem[]>;

const byRank = (items: readonly CopyItem[]): CopyItem[] =>
  items.toSorted((a, b) => a.rank - b.rank || Number(a.oid) - Number(b.oid));

/** A deparser that answers nothing, or not as it is known to. */
const isUnread = ({ sql }: CopyItem): boolean =>
  sql === null || sql.some((statement: string | null) => statement === null);

/**
 * Objects of a copy that bear one of these names, its own tenant's and schema's: in the body of a function or in a literal it
 * would mean the sibling for the new tenant, too, and nothing tells. Roles that contain one are as likely its own. Pure.
 */
export function namesItself({ items, grants }: ShapeCopy, names: readonly string[]): string[] {
  const parts = items
    .filter(({ key, sql }) => key !== 'comment' && names.some((name) => mentions(sql.join('\n'), name)))
    .map(({ object }) => object);
  const roles = grants.flatMap(({ grantee, isOwner }) =>
    grantee !== null && !isOwner && names.some((name) => grantee.includes(name))
      ? [`the grants to ${grantee}`]
      : [],
  );
  return [...new Set([...parts, ...roles])];
}
