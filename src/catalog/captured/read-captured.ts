import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { CapturedAttachment, CapturedView } from './captured.js';

/** The access control list as JSON. */
export const grantsSql = (acl: string): string => `
  (SELECT coalesce(json_agg(json_build_object('grantor', pg_get_userbyid(x.grantor),
            'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
            'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]'::json) FROM aclexplode(${acl}) AS x)`;

/** Who gets privileges on what the session makes in pg_namespace `n`, by the letter of pg_default_acl. */
export const defaultGranteesSql = (kind: 'r' | 'T'): string => `
  ARRAY(SELECT DISTINCT CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END
          FROM pg_default_acl d, aclexplode(d.defaclacl) AS x
         WHERE d.defaclobjtype = '${kind}' AND d.defaclnamespace IN (0, n.oid)
           AND d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user))`;

const attachments = (from: string, fields: string): string => `
  (SELECT coalesce(json_agg(json_build_object(${fields})), '[]'::json) FROM ${from})`;

/** Why this session could not act as the owner of pg_class `c` and as those who granted on it; `$2` is SET or MEMBER. */
const RIGHTS = `
  CASE WHEN NOT (pg_has_role(c.relowner, 'USAGE') AND pg_has_role(c.relowner, $2))
       THEN format('%s cannot act as its owner %s', current_user, pg_get_userbyid(c.relowner)) END`;

/**
 * By oid (`$1`) or by name (`$3`, `$4`). Deparsed under search_path pg_catalog, so that every name is qualified:
 * the text means the same when it is run again. pg_get_viewdef without pretty printing, as pg_dump asks for it.
 */
const VIEWS = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name,
         pg_get_userbyid(c.relowner)::text AS owner, pg_get_viewdef(c.oid) AS definition,
         coalesce(c.reloptions, '{}') AS options, c.relacl IS NOT NULL AS granted,
         ${grantsSql(`coalesce(c.relacl, acldefault('r', c.relowner))`)} AS grants,
         ${defaultGranteesSql('r')} AS "defaultGrantees",
         obj_description(c.oid, 'pg_class') AS comment,
         (SELECT json_agg(json_build_object('name', a.attname, 'comment', col_description(c.oid, a.attnum),
                   'default', pg_get_expr(d.adbin, d.adrelid), 'grants', ${grantsSql('a.attacl')}) ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
         ${attachments(
           `(SELECT * FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN' ORDER BY rulename) AS r`,
           `'name', r.rulename, 'definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled,
            'comment', obj_description(r.oid, 'pg_rewrite')`,
         )} AS rules,
         ${attachments(
           '(SELECT * FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY tgname) AS t',
           `'name', t.tgname, 'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled,
            'comment', obj_description(t.oid, 'pg_trigger')`,
         )} AS triggers,
         ARRAY(SELECT DISTINCT concat_ws('.', d.refobjid::regclass, a.attname)
                 FROM pg_rewrite r
                 JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
                 LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attnum > 0
                WHERE r.ev_class = c.oid AND r.rulename = '_RETURN' ORDER BY 1) AS reads,
         array_remove(ARRAY[
           ${RIGHTS},
           (SELECT format('%s cannot act as %s, who granted privileges on it', current_user,
                          string_agg(DISTINCT pg_get_userbyid(x.grantor), ', '))
              FROM (SELECT c.relacl AS acl UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = c.oid) AS l,
                   aclexplode(l.acl) AS x
             WHERE NOT pg_has_role(x.grantor, $2) HAVING count(*) > 0),
           CASE WHEN NOT has_schema_privilege(n.oid, 'CREATE')
                THEN format('%s may not create in schema %s', current_user, n.nspname)
                WHEN NOT has_schema_privilege(c.relowner, n.oid, 'CREATE')
                     AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                THEN format('its owner %s may not create in schema %s', pg_get_userbyid(c.relowner), n.nspname) END,
           CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                AND d.deptype IN ('e', 'x')) THEN 'it belongs to an extension' END,
           CASE WHEN EXISTS (SELECT FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = c.oid)
                THEN 'it bears a security label' END,
           CASE WHEN c.relpersistence = 't' THEN 'it is a temporary view of a session' END], NULL) AS obstacles
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'v' AND (c.oid = ANY ($1::oid[])
         OR (n.nspname, c.relname) IN (SELECT * FROM unnest($3::text[], $4::text[])))
   ORDER BY n.nspname, c.relname`;

/** The role privilege that SET ROLE asks for: PostgreSQL 16 took it apart from being a member. */
const settable = (session: Session): string => (session.server.version >= 160_000 ? 'SET' : 'MEMBER');

/** What to read: by oid, or by name where it was made anew. */
export interface Sought<T> {
  readonly oids?: readonly string[];
  readonly like?: readonly T[];
}

/** Views with all that would be lost with them. One query. */
export async function readViews(
  session: Session,
  { oids = [], like = [] }: Sought<QualifiedName>,
): Promise<CapturedView[]> {
  if (oids.length + like.length === 0) return [];
  const [schemas, names] = [like.map(({ schema }) => schema), like.map(({ name }) => name)];
  return session.prepared<CapturedView & Row>(VIEWS, [oids, settable(session), schemas, names]);
}

const ATTACHMENTS = `
  SELECT o.oid::text AS oid, o.kind, o.name::text AS name, o.enabled::text AS enabled,
         CASE o.kind WHEN 'rule' THEN pg_get_ruledef(o.oid) ELSE pg_get_triggerdef(o.oid) END AS definition,
         (SELECT description FROM pg_description
           WHERE classoid = o.class AND objoid = o.oid AND objsubid = 0) AS comment,
         json_build_object('schema', n.nspname, 'name', c.relname) AS table,
         CASE c.relkind WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS "tableKind",
         array_remove(ARRAY[${RIGHTS},
           CASE WHEN o.inherited THEN 'it is the copy of a trigger of the partitioned table' END,
           CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid
                              AND d.deptype IN ('e', 'x'))
                THEN 'it belongs to an extension' END], NULL) AS obstacles
    FROM (SELECT oid, 'pg_rewrite'::regclass AS class, 'rule' AS kind, ev_class AS relid, rulename AS name, ev_enabled AS enabled, false AS inherited
            FROM pg_rewrite WHERE rulename <> '_RETURN'
           UNION ALL
          SELECT t.oid, 'pg_trigger', 'trigger', t.tgrelid, t.tgname, t.tgenabled, t.tgparentid <> 0
            FROM pg_trigger t WHERE NOT t.tgisinternal) AS o
    JOIN pg_class c ON c.oid = o.relid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE o.oid = ANY ($1::oid[])
      OR (o.kind, n.nspname, c.relname, o.name) IN (
           SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]))
   ORDER BY n.nspname, c.relname, o.name`;

/** Rules and triggers with the relation on which they are. One query. */
export async function readAttachments(
  session: Session,
  { oids = [], like = [] }: Sought<Pick<CapturedAttachment, 'kind' | 'table' | 'name'>>,
): Promise<CapturedAttachment[]> {
  if (oids.length + like.length === 0) return [];
  return session.prepared<CapturedAttachment & Row>(ATTACHMENTS, [
    oids,
    settable(session),
    like.map(({ kind }) => kind),
    like.map(({ table }) => table.schema),
    like.map(({ table }) => table.name),
    like.map(({ name }) => name),
  ]);
}
