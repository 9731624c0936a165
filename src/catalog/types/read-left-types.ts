import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { readTypes } from './read-types.js';
import type { UserType } from './type.js';

interface Candidate extends Row, QualifiedName {
  readonly oid: string;
  /** Oids of the candidates that are made of it; null: something else depends on it, too. */
  readonly usedBy: readonly (string | null)[];
}

/**
 * Types that the session's own user has made in these schemas, with what depends on each: other types, by way of their
 * arrays, checks and attributes, or anything else. Extensions' types are theirs.
 */
const CANDIDATES = `
  WITH RECURSIVE candidate AS (
    SELECT t.oid, n.nspname, t.typname, t.typrelid
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE n.nspname = ANY ($1::text[]) AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
       AND t.typowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
  ), own(root, oid) AS (
    SELECT oid, oid FROM candidate
    UNION SELECT own.root, d.objid FROM own JOIN pg_depend d
        ON d.refclassid = 'pg_type'::regclass AND d.refobjid = own.oid
       AND d.classid = 'pg_type'::regclass AND d.deptype = 'i')
  SELECT c.oid::text AS oid, c.nspname::text AS schema, c.typname::text AS name,
         ARRAY(SELECT DISTINCT coalesce(
                   (SELECT o.root FROM own o WHERE d.classid = 'pg_type'::regclass AND o.oid = d.objid LIMIT 1),
                   (SELECT o.oid FROM candidate o WHERE d.classid = 'pg_class'::regclass AND o.typrelid = d.objid),
                   (SELECT o.oid FROM candidate o JOIN pg_constraint k ON k.contypid = o.oid
                     WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid))::text
                 FROM own JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = own.oid AND d.deptype = 'n'
                WHERE own.root = c.oid
                  AND NOT EXISTS (SELECT FROM own self JOIN pg_depend i ON i.refclassid = 'pg_type'::regclass AND i.refobjid = self.oid
                                   WHERE self.root = c.oid AND (i.classid, i.objid) = (d.classid, d.objid) AND i.deptype = 'i')
             ) AS "usedBy"
    FROM candidate c ORDER BY c.nspname, c.typname`;

/**
 * The types in these schemas that the session's user owns and nothing but one another is made of, in an order in which
 * they can be dropped. What a function's text names leaves no trace in the catalogs.
 */
export async function readLeftTypes(session: Session, schemas: readonly string[]): Promise<UserType[]> {
  if (schemas.length === 0) return [];
  let candidates = await session.query<Candidate>(CANDIDATES, [schemas]);
  const left: string[] = [];
  for (;;) {
    const ready = candidates.filter(({ oid, usedBy }) =>
      usedBy.every((by) => by === oid || (by !== null && left.includes(by))),
    );
    if (ready.length === 0) break;
    left.push(...ready.map(({ oid }) => oid));
    candidates = candidates.filter((one) => !ready.includes(one));
  }
  const types = new Map((await readTypes(session, { oids: left })).map((type) => [type.oid, type]));
  return left.flatMap((oid) => types.get(oid) ?? []);
}
