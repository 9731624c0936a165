import { compareNames, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { readExpressions, withoutTree, type Expression } from '../expressions/expression.js';
import { lookUp, typeNamed } from '../sql/names-sql.js';
import type { DomainType, UserType } from './type.js';
import { FIRST_OF_USERS, typeRefSql } from '../sql/type-sql.js';

/** Where to begin. */
export interface TypeScope {
  readonly oids?: readonly string[];
  readonly names?: readonly QualifiedName[];
}

const use = (type: string, typmod: string): string =>
  `json_build_object('text', format_type(${type}, ${typmod}), 'ref', ${typeRefSql(type, typmod)})`;

/** A name out of one of the catalogs that have an oid, a name and a namespace; null for oid 0. */
const nameOf = (catalog: string, name: string, namespace: string, oid: string): string => `
  (SELECT json_build_object('schema', o_n.nspname, 'name', o.${name})
     FROM ${catalog} o JOIN pg_namespace o_n ON o_n.oid = o.${namespace} WHERE o.oid = ${oid})`;

const collationUnless = (collation: string, type: string): string => `
  CASE WHEN ${collation} <> 0 AND ${collation} <> (SELECT y.typcollation FROM pg_type y WHERE y.oid = ${type})
       THEN ${nameOf('pg_collation', 'collname', 'collnamespace', collation)} END`;

const ATTRIBUTES = `
  (SELECT coalesce(json_agg(json_build_object('attnum', a.attnum, 'name', a.attname,
            'type', ${use('a.atttypid', 'a.atttypmod')},
            'collation', ${collationUnless('a.attcollation', 'a.atttypid')}) ORDER BY a.attnum), '[]'::json)
     FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)`;

/**
 * Only what all rows are known to hold: a value that a reader gets is checked, so that a row from before a NOT VALID
 * constraint, which the shard shows, could not be read through a veneer that had it (docs/adr/0007).
 */
const CHECKS = `
  (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'expression', pg_get_expr(k.conbin, 0))
                            ORDER BY k.conname), '[]'::json)
     FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' AND k.convalidated)`;

/**
 * rngmultitypid exists from PostgreSQL 14 on: asked for by way of jsonb, it is null before. An operator class is
 * named where it is not the default of its type, as pg_dump does.
 */
const RANGE = `
  (SELECT json_build_object(
            'subtype', ${use('g.rngsubtype', '-1')},
            'opclass', (SELECT json_build_object('schema', q_n.nspname, 'name', q.opcname) FROM pg_opclass q
                         JOIN pg_namespace q_n ON q_n.oid = q.opcnamespace
                        WHERE q.oid = g.rngsubopc AND NOT q.opcdefault),
            'collation', ${collationUnless('g.rngcollation', 'g.rngsubtype')},
            'canonical', ${nameOf('pg_proc', 'proname', 'pronamespace', 'g.rngcanonical::oid')},
            'subtypeDiff', ${nameOf('pg_proc', 'proname', 'pronamespace', 'g.rngsubdiff::oid')},
            'multirange', ${nameOf('pg_type', 'typname', 'typnamespace', "(to_jsonb(g) ->> 'rngmultitypid')::oid")})
     FROM pg_range g WHERE g.rngtypid = t.oid)`;

const MULTIRANGE = `
  (SELECT ${use('g.rngtypid', '-1')} FROM pg_range g WHERE (to_jsonb(g) ->> 'rngmultitypid')::oid = t.oid)`;

/** A subquery, for the reason of names-sql.ts. */
const SCHEMA_OF_TYPE = `(SELECT n.nspname::text FROM pg_namespace n WHERE n.oid = t.typnamespace)`;

const ROOTS = `
  SELECT unnest($1::oid[])
  UNION SELECT ${typeNamed('named')} FROM unnest($2::text[], $3::text[]) AS named(schema, name)`;

const EXTENSION = `
  (SELECT x.extname::text FROM pg_depend xd JOIN pg_extension x ON x.oid = xd.refobjid
    WHERE xd.classid = 'pg_type'::regclass AND xd.objid = t.oid
      AND xd.refclassid = 'pg_extension'::regclass AND xd.deptype = 'e')`;

const LABELS = `
  json_build_object('labels', (SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]'::json)
                                 FROM pg_enum e WHERE e.enumtypid = t.oid))`;

/** Is it made of nothing that may be one's own: an enum, or a base type, which is no array? */
const IS_SIMPLE = `(t.typtype = 'e' OR (t.typtype = 'b' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)))`;

/**
 * The roots alone, each with whether it is simple: where all are, as they mostly are, there is nothing more to read. To plan
 * {@link TYPES} takes longer than all else that a session over a small fleet plans.
 */
const SIMPLE_TYPES = `
  SELECT t.oid::text AS oid, ${SCHEMA_OF_TYPE} AS schema, t.typname::text AS name, t.typtype::text AS typtype,
         NULL AS relkind, ${EXTENSION} AS extension, ${IS_SIMPLE} AS simple,
         CASE t.typtype WHEN 'e' THEN ${LABELS} ELSE '{}'::json END AS body
    FROM (${ROOTS}) AS root(oid)
   ${lookUp('pg_type', 't', 't.oid = root.oid')}`;

/** What a type of `reached` is made of: an array's element, a domain's base, attributes, a range's subtype. */
const PARTS = `
  SELECT t.typelem WHERE t.typtype = 'b' AND t.typcategory = 'A'
  UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
  UNION ALL SELECT a.atttypid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE t.typtype = 'c' AND c.oid = t.typrelid AND c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE t.typtype = 'r' AND g.rngtypid = t.oid
  UNION ALL SELECT g.rngtypid FROM pg_range g WHERE t.typtype = 'm' AND (to_jsonb(g) ->> 'rngmultitypid')::oid = t.oid`;

const TYPES = `
  WITH RECURSIVE reached(oid) AS (
    SELECT * FROM (${ROOTS}) AS roots
    UNION
    SELECT part.oid FROM reached ${lookUp('pg_type', 't', 't.oid = reached.oid')}
     CROSS JOIN LATERAL (${PARTS}) AS part(oid) WHERE part.oid >= ${FIRST_OF_USERS})
  SELECT t.oid::text AS oid, ${SCHEMA_OF_TYPE} AS schema, t.typname::text AS name, t.typtype::text AS typtype,
         (SELECT c.relkind::text FROM pg_class c WHERE c.oid = t.typrelid) AS relkind,
         ${EXTENSION} AS extension,
         CASE t.typtype
           WHEN 'e' THEN ${LABELS}
           WHEN 'd' THEN json_build_object('base', ${use('t.typbasetype', 't.typtypmod')},
             'collation', ${collationUnless('t.typcollation', 't.typbasetype')}, 'notNull', t.typnotnull,
             'defaultExpression', pg_get_expr(t.typdefaultbin, 0), 'checks', ${CHECKS})
           WHEN 'c' THEN json_build_object('attributes', ${ATTRIBUTES})
           WHEN 'r' THEN ${RANGE}
           WHEN 'm' THEN json_build_object('range', ${MULTIRANGE})
           ELSE '{}'::json END AS body
    FROM reached
   ${lookUp('pg_type', 't', 't.oid = reached.oid')}
   WHERE NOT (t.typtype = 'b' AND t.typcategory = 'A' AND t.typelem <> 0)`;

interface TypeRow extends Row, QualifiedName {
  readonly oid: string;
  readonly typtype: string;
  readonly relkind: string | null;
  readonly extension: string | null;
  readonly body: object;
}

/**
 * The types of one's own that the scope reaches, through arrays, domains, composites and ranges. What
 * an extension owns is read like the others, and is the extension's business. Deparses expressions, of which none
 * is a table's: it waits for nobody. One round trip; two where a session meets the first type that is made of others.
 */
export async function readTypes(session: Session, scope: TypeScope): Promise<UserType[]> {
  const { oids = [], names = [] } = scope;
  if (oids.length + names.length === 0) return [];
  const rows = await readRows(session, [
    oids,
    names.map(({ schema }) => schema),
    names.map(({ name }) => name),
  ]);
  // Sorted here: asked to, the planner walks schemas by name, and for each of them all types.
  const types = rows.toSorted(compareNames).map(({ oid, schema, name, extension, body, ...row }) => {
    return { oid, schema, name, extension, kind: kindOf(row), ...body } as UserType | Unparsed;
  });
  return parsed(types);
}

/** Sessions whose types are made of others: where there is one there will be more. */
const meetParts = new WeakSet<Session>();

async function readRows(session: Session, roots: readonly (readonly string[])[]): Promise<TypeRow[]> {
  if (!meetParts.has(session)) {
    const rows = await session.prepared<TypeRow & { readonly simple: boolean }>(SIMPLE_TYPES, roots);
    if (rows.every(({ simple }) => simple)) return rows;
    meetParts.add(session);
  }
  return session.prepared<TypeRow>(TYPES, roots);
}

/** A domain before its expressions are parsed. */
interface Unparsed extends Omit<DomainType, 'defaultExpression' | 'checks'> {
  readonly defaultExpression: string | null;
  readonly checks: readonly { readonly name: string; readonly expression: string }[];
}

async function parsed(types: readonly (UserType | Unparsed)[]): Promise<UserType[]> {
  const domains = types.filter((type) => type.kind === 'domain') as readonly Unparsed[];
  const expressions = await readExpressions(
    domains.flatMap(({ defaultExpression, checks }) => [
      defaultExpression,
      ...checks.map(({ expression }) => expression),
    ]),
  );
  const find = (sql: string): Expression =>
    withoutTree(expressions.get(sql) ?? { sql, key: sql, tree: null });
  return types.map((type) => {
    if (type.kind !== 'domain') return type;
    const { defaultExpression, checks, ...domain } = type as Unparsed;
    return {
      ...domain,
      defaultExpression: defaultExpression === null ? null : find(defaultExpression),
      checks: checks.map(({ name, expression }) => ({ name, expression: find(expression) })),
    };
  });
}

function kindOf({ typtype, relkind }: Pick<TypeRow, 'typtype' | 'relkind'>): UserType['kind'] {
  switch (typtype) {
    case 'e':
      return 'enum';
    case 'd':
      return 'domain';
    case 'r':
      return 'range';
    case 'm':
      return 'multirange';
    case 'c':
      return relkind === 'c' ? 'composite' : 'row type';
    default:
      return 'base type';
  }
}
