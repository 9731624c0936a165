import type { Row, Session } from '../../postgres/session.js';
import { HAS_COLLATION } from '../sql/columns-sql.js';
import { FIRST_OF_USERS } from '../sql/type-sql.js';

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

/** A condition: neither the schema's name stands in the text, nor as a literal has it, where a quote in it is written twice. */
const isFree = (text: string): string =>
  `position(quoted IN ${text}) = 0 AND coalesce(position(doubled IN ${text}), 0) = 0`;

/**
 * A text without the schema's own name, which is found by its place before a dot, with no letter before it. Where all of them
 * stand behind a space or a cast, as in what PostgreSQL deparses, they need not be looked for by a pattern, which takes many times as long.
 */
function own(text: string): string {
  const cut = `replace(replace(${text}, ' ' || quoted || '.', ' '), ':' || quoted || '.', ':')`;
  return `CASE WHEN ${isFree(text)} THEN ${text} WHEN ${isFree(cut)} THEN ${cut}
               ELSE regexp_replace(${text}, self, '', 'g') END`;
}

/** A condition: what has this oid in that catalog belongs to no extension. */
export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend x
                WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`;

/** The constructors of ranges, which are part of the type; from 14 on it has those of a multirange, too. */
const notOfType = (oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend i
                WHERE i.classid = 'pg_proc'::regclass AND i.objid = ${oid} AND i.deptype = 'i')`;

/** The schemas of $1, and how their names are found in what is deparsed. */
const OWN = `
  own AS (
    SELECT oid, nspname::text, quoted, nullif(replace(quoted, '''', ''''''), quoted) AS doubled,
           '(?<![[:alnum:]_"])' || replace(regexp_replace(quoted, '([^[:alnum:]_])', '\\\\\\1', 'g'),
                                         '\\''', '\\''\\''?') || '[.]' AS self
      FROM pg_namespace, LATERAL (SELECT quote_ident(nspname) AS quoted OFFSET 0) AS name
     WHERE nspname = ANY ($1::text[]))`;

/**
 * Their relations, without those named in $2 and what is theirs; what belongs to an extension is not looked at. OFFSET 0, since pg_class has
 * no index that begins with the schema: for each schema all of one would be read.
 */
const RELATIONS = `
  rel AS (
    SELECT own.*, c.oid AS relid, c.relkind, c.relhasindex, c.relhastriggers, quote_ident(c.relname) AS relation,
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
      FROM (SELECT * FROM pg_class OFFSET 0) AS c JOIN own ON own.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relname = ANY ($2::text[])
       AND ${notOfExtension('pg_class', 'c.oid')}
       AND NOT (c.relkind = 'S'
                AND EXISTS (SELECT FROM pg_depend d JOIN pg_class o ON o.oid = d.refobjid
                             WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                               AND o.relname = ANY ($2::text[]))))`;

/**
 * Of `rel`, by their kind: names and definitions of its parts; columns in their order. pg_class says what there is none of
 * (https://www.postgresql.org/docs/current/catalog-pg-class.html).
 */
const PARTS = {
  column: `
    SELECT quote_ident(a.attname) AS name,
           concat(CASE WHEN a.atttypid < ${FIRST_OF_USERS} THEN type ELSE ${own('type')} END,
                  ' COLLATE ' || ${own('collated')}, CASE WHEN a.attnotnull THEN ' NOT NULL' END,
                  ' DEFAULT ' || ${own('value')},
                  ' GENERATED ' || nullif(a.attidentity::text || a.attgenerated::text, '')) AS definition
      FROM pg_attribute a CROSS JOIN LATERAL (
             SELECT format_type(a.atttypid, a.atttypmod) AS type,
                    CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                                                 WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS value,
                    CASE WHEN ${HAS_COLLATION} THEN a.attcollation::regcollation::text END AS collated OFFSET 0) AS read
     WHERE a.attrelid = relid AND a.attnum > 0 AND NOT a.attisdropped AND rel.relkind <> 'S'
     ORDER BY a.attnum`,
  constraint: `
    SELECT quote_ident(conname) AS name, ${own('def')} AS definition
      FROM (SELECT conname, pg_get_constraintdef(con.oid) AS def FROM pg_constraint con
             WHERE rel.relkind <> 'S' AND con.conrelid = relid AND con.contypid = 0 AND con.contype NOT IN ('n', 't') ORDER BY conname) AS read`,
  index: `
    SELECT quote_ident(index) AS name, ${own('def')} AS definition
      FROM (SELECT x.relname AS index, pg_get_indexdef(x.oid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END AS def
              FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
             WHERE rel.relhasindex AND i.indrelid = relid ORDER BY x.relname) AS read`,
  trigger: `
    SELECT quote_ident(tgname) AS name, ${own('def')} AS definition
      FROM (SELECT tgname, pg_get_triggerdef(t.oid) AS def FROM pg_trigger t
             WHERE rel.relhastriggers AND t.tgrelid = relid AND NOT t.tgisinternal ORDER BY tgname) AS read`,
} as const;

/** What is no relation, a row each; bodies of functions are not compared. */
const OTHERS = `
    SELECT nspname, 'enum' AS kind, '' AS relation, quote_ident(t.typname) AS name,
           coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                       FROM pg_enum e WHERE e.enumtypid = t.oid), '') AS definition
      FROM own JOIN pg_type t ON t.typnamespace = own.oid AND t.typtype = 'e'
     WHERE ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT nspname, 'function', '', concat(quote_ident(p.proname), '(', ${own('args')}, ')'), ''
      FROM own JOIN pg_proc p ON p.pronamespace = own.oid,
           LATERAL (SELECT pg_get_function_identity_arguments(p.oid) AS args) AS arguments
     WHERE ${notOfExtension('pg_proc', 'p.oid')} AND ${notOfType('p.oid')}`;

/**
 * A line for each object of a schema, in which the schema's own name is left out; bodies of views are not compared either. The
 * columns' order is a line of its own.
 */
const LINES = `
  lines AS (
    SELECT nspname, kind, relation, '' AS name, '' AS definition FROM rel
    ${Object.entries(PARTS)
      .map(
        ([kind, part]) => `UNION ALL
    SELECT nspname, '${kind}', relation, part.name, part.definition FROM rel CROSS JOIN LATERAL (${part}) AS part`,
      )
      .join('\n    ')}
    UNION ALL
    SELECT nspname, 'order of columns', relation, '', names::text
      FROM rel CROSS JOIN LATERAL (
             SELECT json_agg(quote_ident(a.attname) ORDER BY a.attnum) AS names FROM pg_attribute a
              WHERE a.attrelid = relid AND a.attnum > 0 AND NOT a.attisdropped) AS ordered
     WHERE relkind <> 'S' AND names IS NOT NULL
    UNION ALL ${OTHERS})`;

/**
 * The same as a text for each relation, its columns in their order, and for each other object: there are so few of them that to sort
 * them costs nothing, as it does with a line for each column of a shard.
 */
const TEXTS = `
  texts AS (
    SELECT nspname, concat(kind, E'\\t', relation${Object.entries(PARTS)
      .map(
        ([kind, part]) => `,
             (SELECT string_agg(E'\\n${kind}\\t' || name || E'\\t' || definition, '') FROM (${part}) AS part)`,
      )
      .join('')}) AS text
      FROM rel
    UNION ALL
    SELECT nspname, concat_ws(E'\\t', kind, name, definition) FROM (${OTHERS}) AS others)`;

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
    `WITH ${OWN}, ${RELATIONS}, ${TEXTS}
     SELECT shape, json_agg(nspname ORDER BY nspname) AS schemas
       FROM (SELECT own.nspname, md5(string_agg(text, E'\\n' ORDER BY text COLLATE "C")) AS shape
               FROM own LEFT JOIN texts USING (nspname) GROUP BY own.nspname) AS s
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
    `WITH ${OWN}, ${RELATIONS}, ${LINES}
     SELECT nspname AS schema,
            json_agg(json_build_object('kind', kind, 'relation', relation, 'name', name, 'definition', definition)
                     ORDER BY ${ORDER}) AS lines
       FROM lines GROUP BY nspname`,
    [schemas, ignored],
  );
  return new Map(rows.map(({ schema, lines }) => [schema, lines]));
}
