/** The schema that is read: `ns`. $1 is its name, and the search path holds nothing else. */
export const NS = 'ns AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = $1)';

/** The key of an object among those that are copied. */
export const keyOf = (catalog: string, oid: string): string => `'${catalog}:' || ${oid}`;

/** `WITH (…)` of storage options, those of the TOAST table among them; nothing where there are none. */
export const options = (relation: string): string => `
  coalesce((SELECT ' WITH (' || string_agg(prefix || quote_ident(option_name) || '=' || quote_literal(option_value), ', ') || ')'
              FROM (SELECT '' AS prefix, ${relation}.reloptions AS all_options
                    UNION ALL SELECT 'toast.', t.reloptions FROM pg_class t WHERE t.oid = ${relation}.reltoastrelid) AS o,
                   pg_options_to_table(all_options)), '')`;

/** `COLLATE …` where it is another one than the type's. */
export const collation = (own: string, ofType: string): string =>
  `CASE WHEN ${own} <> 0 AND ${own} <> ${ofType} THEN ' COLLATE ' || ${own}::regcollation::text ELSE '' END`;

/**
 * A deparsed definition without the schema in front of its own name, which pg_get_functiondef and pg_get_statisticsobjdef
 * always write (ruleutils.c); null where it does not begin in the way that is known.
 */
export const withoutOwnSchema = (definition: string, head: string): string => `
  CASE WHEN starts_with(${definition}, ${head} || quote_ident(ns.nspname) || '.')
       THEN ${head} || substr(${definition}, length(${head} || quote_ident(ns.nspname) || '.') + 1) END`;

/** A function as COMMENT and GRANT name it. */
export const routine = (alias: string): string =>
  `quote_ident(${alias}.proname) || '(' || pg_get_function_identity_arguments(${alias}.oid) || ')'`;
