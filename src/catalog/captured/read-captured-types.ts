import type { Row, Session } from '../../postgres/session.js';
import type { CapturedType } from './captured.js';
import { defaultGranteesSql, grantsSql } from './read-captured.js';

const TYPES = `
  SELECT t.oid::text AS oid, pg_get_userbyid(t.typowner)::text AS owner, t.typacl IS NOT NULL AS granted,
         ${grantsSql(`coalesce(t.typacl, acldefault('T', t.typowner))`)} AS grants,
         ${defaultGranteesSql('T')} AS "defaultGrantees",
         obj_description(t.oid, 'pg_type') AS comment,
         (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'comment', d.description) ORDER BY k.conname), '[]'::json)
            FROM pg_constraint k JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid
           WHERE k.contypid = t.oid AND k.contype = 'c') AS checks
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE t.oid = ANY ($1::oid[])`;

/** What these types would lose if they were made anew. One query. */
export async function readCapturedTypes(session: Session, oids: readonly string[]): Promise<CapturedType[]> {
  return oids.length === 0 ? [] : session.query<CapturedType & Row>(TYPES, [oids]);
}
