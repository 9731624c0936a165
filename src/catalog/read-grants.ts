import type { Row, Session } from '../postgres/session.js';

/** One privilege on something in a schema, or to come there. */
export interface Grant extends Row {
  /** `TABLE`, `ROUTINE`, …; `DEFAULT TABLES`, … of what will be made; `SCHEMA` of itself. */
  readonly kind: string;
  /** As SQL, without its schema; empty: of the schema. */
  readonly target: string;
  /** As SQL: with its column, where it is for one. */
  readonly privilege: string;
  /** Null: PUBLIC. */
  readonly grantee: string | null;
  /** Is the grantee the owner, by whatever name? */
  readonly isOwner: boolean;
  readonly grantable: boolean;
}

/** Every privilege in a schema, those that PostgreSQL gives by itself among them; the search path has to be the schema. */
export const readGrants = (session: Session, schema: string): Promise<Grant[]> =>
  session.query<Grant>(
    `WITH ns AS (SELECT * FROM pg_namespace WHERE nspname = $1),
     held (kind, target, "column", owner, acl) AS (
       SELECT 'SCHEMA', '', '', ns.nspowner, coalesce(ns.nspacl, acldefault('n', ns.nspowner)) FROM ns
       UNION ALL
       SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, quote_ident(c.relname), '', c.relowner,
              coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
         FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       UNION ALL
       SELECT 'TABLE', quote_ident(c.relname), ' (' || quote_ident(a.attname) || ')', c.relowner, a.attacl
         FROM ns JOIN pg_class c ON c.relnamespace = ns.oid
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
       UNION ALL
       SELECT 'ROUTINE', quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', '', p.proowner,
              coalesce(p.proacl, acldefault('f', p.proowner))
         FROM ns JOIN pg_proc p ON p.pronamespace = ns.oid
       UNION ALL
       SELECT 'TYPE', quote_ident(t.typname), '', t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
         FROM ns JOIN pg_type t ON t.typnamespace = ns.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typtype IN ('e', 'd') OR (t.typtype = 'c' AND c.relkind = 'c')
       UNION ALL
       SELECT 'DEFAULT ' || (ARRAY['TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES'])[strpos('rSfT', d.defaclobjtype::text)], '', '',
              d.defaclrole, d.defaclacl
         FROM ns JOIN pg_default_acl d ON d.defaclnamespace = ns.oid)
     SELECT DISTINCT kind, target, a.privilege_type || "column" AS privilege,
            CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee)::text END AS grantee,
            a.grantee = owner AS "isOwner", a.is_grantable AS grantable
       FROM held, aclexplode(acl) AS a
      -- An owner has it by himself, on a server that knows it.
      WHERE NOT (a.grantee = owner AND a.privilege_type = 'MAINTAIN')`,
    [schema],
  );
