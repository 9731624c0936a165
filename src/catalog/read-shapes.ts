import type { Row, Session } from '../postgres/session.js';

/** Schemas that hold the same objects with the same definitions. */
export interface SchemaShape {
  /** Equal on two servers for equal definitions; null: the schemas are there, and hold nothing. */
  readonly shape: string | null;
  readonly schemas: readonly string[];
}

/** One object of a schema, without the schema's name. */
export interface ShapeLine {
  /** `order of columns`: the definition is a list in JSON. */
  readonly kind: string;
  /** The relation that it is or belongs to; empty: none. */
  readonly relation: string;
  /** Of a part of a relation, or of what is no relation; else empty. */
  readonly name: string;
  readonly definition: string;
}

/**
 * A text without the schema's own name, which is found by its place before a dot, with no letter before it. In a literal, as
 * that of a regclass is, a quote in it is written twice.
 */
const own = (text: string): string =>
  `CASE WHEN position(quoted IN ${text}) = 0 AND position(replace(quoted, '''', '''''') IN ${text}) = 0 THEN ${text}
        ELSE regexp_replace(${text}, self, '', 'g') END`;

/** A condition: what has this oid in that catalog belongs to no extension. */
export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend x
                WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`;

/** The constructors of ranges, which are part of the type; from 14 on it has those of a multirange, too. */
const notOfType = (oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend i
                WHERE i.classid = 'pg_proc'::regclass AND i.objid = ${oid} AND i.deptype = 'i')`;

/**
 * A line for each object of a schema, in which the schema's own name is left out; bodies of views and functions are not
 * compared, and what belongs to an extension is not looked at.
 */
const LINES = `
  own AS (
    SELECT oid, nspname::text, quote_ident(nspname) AS quoted,
           '(?<![[:alnum:]_"])' || replace(regexp_replace(quote_ident(nspname), '([^[:alnum:]_])', '\\\\\\1', 'g'),
                                         '\\''', '\\''\\''?') || '[.]' AS self
      FROM pg_namespace WHERE nspname = ANY ($1::text[])),
  rel AS (
    SELECT own.nspname, own.quoted, own.self, c.oid, c.relkind, quote_ident(c.relname) AS name
      FROM pg_class c JOIN own ON own.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relname = ANY ($2::text[])
       AND ${notOfExtension('pg_class', 'c.oid')}
       AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class o ON o.oid = d.refobjid
                        WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
                          AND o.relname = ANY ($2::text[]))),
  col AS (
    SELECT rel.nspname, rel.quoted, rel.self, rel.name, quote_ident(a.attname) AS attname, a.attnum, a.attnotnull,
           a.attidentity::text || a.attgenerated::text AS generated,
           format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS value,
           CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collated
      FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type t ON t.oid = a.atttypid
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE rel.relkind <> 'S'),
  lines AS (
    SELECT nspname, CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                 WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
           name AS relation, '' AS name, '' AS definition
      FROM rel
    UNION ALL
    SELECT nspname, 'column', name, attname,
           concat(${own('type')}, ' COLLATE ' || ${own('collated')}, CASE WHEN attnotnull THEN ' NOT NULL' END,
                  ' DEFAULT ' || ${own('value')}, ' GENERATED ' || nullif(generated, ''))
      FROM col
    UNION ALL
    SELECT nspname, 'order of columns', name, '', json_agg(attname ORDER BY attnum)::text FROM col GROUP BY nspname, name
    UNION ALL
    SELECT nspname, 'constraint', name, quote_ident(conname), ${own('def')}
      FROM rel, LATERAL (SELECT conname, pg_get_constraintdef(con.oid) AS def FROM pg_constraint con
                          WHERE con.conrelid = rel.oid AND con.contype NOT IN ('n', 't')) AS constraints
    UNION ALL
    SELECT nspname, 'index', name, quote_ident(index), ${own('def')}
      FROM rel, LATERAL (SELECT x.relname AS index,
                                 pg_get_indexdef(x.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END AS def
                            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                           WHERE i.indrelid = rel.oid) AS indexes
    UNION ALL
    SELECT nspname, 'trigger', name, quote_ident(tgname), ${own('def')}
      FROM rel, LATERAL (SELECT tgname, pg_get_triggerdef(t.oid) AS def FROM pg_trigger t
                          WHERE t.tgrelid = rel.oid AND NOT t.tgisinternal) AS triggers
    UNION ALL
    SELECT nspname, 'enum', '', quote_ident(t.typname),
           coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                       FROM pg_enum e WHERE e.enumtypid = t.oid), '')
      FROM own JOIN pg_type t ON t.typnamespace = own.oid AND t.typtype = 'e'
     WHERE ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT nspname, 'function', '', concat(quote_ident(p.proname), '(', ${own('args')}, ')'), ''
      FROM own JOIN pg_proc p ON p.pronamespace = own.oid,
           LATERAL (SELECT pg_get_function_identity_arguments(p.oid) AS args) AS arguments
     WHERE ${notOfExtension('pg_proc', 'p.oid')} AND ${notOfType('p.oid')})`;

const ORDER = ['kind', 'relation', 'name', 'definition'].map((part) => `${part} COLLATE "C"`).join(', ');

/**
 * The shapes of schemas, a row for each shape; a schema that is not there is left out, one that holds nothing but the
 * ignored tables has no shape. Waits for whoever holds a lock on a definition.
 */
export const readShapes = (
  session: Session,
  schemas: readonly string[],
  ignored: readonly string[],
): Promise<SchemaShape[]> =>
  session.prepared<SchemaShape & Row>(
    `WITH ${LINES}
     SELECT shape, json_agg(nspname ORDER BY nspname) AS schemas
       FROM (SELECT own.nspname,
                    md5(string_agg(kind || E'\\t' || relation || E'\\t' || name || E'\\t' || definition, E'\\n'
                                   ORDER BY ${ORDER})) AS shape
               FROM own LEFT JOIN lines USING (nspname) GROUP BY own.nspname) AS s
      GROUP BY shape`,
    [schemas, ignored],
  );

/** What the shapes of these schemas are made of, to tell two of them apart. */
export async function readShapeLines(
  session: Session,
  schemas: readonly string[],
  ignored: readonly string[],
): Promise<ReadonlyMap<string, readonly ShapeLine[]>> {
  const rows = await session.prepared<{ schema: string; lines: ShapeLine[] }>(
    `WITH ${LINES}
     SELECT nspname AS schema,
            json_agg(json_build_object('kind', kind, 'relation', relation, 'name', name, 'definition', definition)
                     ORDER BY ${ORDER}) AS lines
       FROM lines GROUP BY nspname`,
    [schemas, ignored],
  );
  return new Map(rows.map(({ schema, lines }) => [schema, lines]));
}
