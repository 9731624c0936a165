import type { Row, Session } from '../postgres/session.js';

/** Schemas that hold the same objects with the same definitions. */
export interface SchemaShape {
  /** Equal on two servers for equal definitions. */
  readonly shape: string;
  readonly schemas: readonly string[];
}

/**
 * A line for each object of a schema, in which the schema's own name is left out; bodies of views and functions are not
 * compared. The name is found by its place before a dot, with no letter before it.
 */
const LINES = `
  own AS (
    SELECT oid, nspname::text AS schema,
           '(?<![[:alnum:]_"])' || regexp_replace(quote_ident(nspname), '([^[:alnum:]_])', '\\\\\\1', 'g') || '[.]' AS self
      FROM pg_namespace WHERE nspname = ANY ($1::text[])),
  rel AS (
    SELECT own.schema, own.self, c.oid, c.relkind, quote_ident(c.relname) AS name
      FROM pg_class c JOIN own ON own.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relname = ANY ($2::text[])
       AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class o ON o.oid = d.refobjid
                        WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
                          AND o.relname = ANY ($2::text[]))),
  lines AS (
    SELECT schema, format('%s %s', CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
             WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END, name) AS line
      FROM rel
    UNION ALL
    SELECT schema, format('column %s.%I: number %s, %s%s%s%s', name, a.attname,
             row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
             regexp_replace(format_type(a.atttypid, a.atttypmod), self, '', 'g'),
             CASE WHEN a.attnotnull THEN ' NOT NULL' END,
             ' DEFAULT ' || regexp_replace(pg_get_expr(d.adbin, d.adrelid), self, '', 'g'),
             CASE WHEN a.attidentity <> '' OR a.attgenerated <> ''
                  THEN ' GENERATED ' || a.attidentity::text || a.attgenerated::text END)
      FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE rel.relkind <> 'S'
    UNION ALL
    SELECT schema, format('constraint %s.%I: %s', name, con.conname,
             regexp_replace(pg_get_constraintdef(con.oid), self, '', 'g'))
      FROM rel JOIN pg_constraint con ON con.conrelid = rel.oid AND con.contype NOT IN ('n', 't')
    UNION ALL
    SELECT schema, format('index %s: %s', name, regexp_replace(pg_get_indexdef(i.indexrelid), self, '', 'g'))
      FROM rel JOIN pg_index i ON i.indrelid = rel.oid
    UNION ALL
    SELECT schema, format('trigger %s: %s', name, regexp_replace(pg_get_triggerdef(t.oid), self, '', 'g'))
      FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT own.schema, format('enum %I: %s', t.typname,
             (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                FROM pg_enum e WHERE e.enumtypid = t.oid))
      FROM own JOIN pg_type t ON t.typnamespace = own.oid AND t.typtype = 'e')`;

/**
 * The shapes of schemas, a row for each shape; a schema that is empty, or holds nothing but the ignored tables, is left
 * out. Waits for whoever holds a lock on a definition.
 */
export const readShapes = (
  session: Session,
  schemas: readonly string[],
  ignored: readonly string[],
): Promise<SchemaShape[]> =>
  session.query<SchemaShape & Row>(
    `WITH ${LINES}
     SELECT shape, json_agg(schema ORDER BY schema) AS schemas
       FROM (SELECT schema, md5(string_agg(line, E'\\n' ORDER BY line COLLATE "C")) AS shape FROM lines GROUP BY schema) AS s
      GROUP BY shape`,
    [schemas, ignored],
  );

/** What one schema's shape is made of, a line for each object, to tell two shapes apart. */
export async function readShapeLines(
  session: Session,
  schema: string,
  ignored: readonly string[],
): Promise<string[]> {
  const rows = await session.query<{ line: string }>(
    `WITH ${LINES} SELECT line FROM lines ORDER BY line COLLATE "C"`,
    [[schema], ignored],
  );
  return rows.map(({ line }) => line);
}
