/**
 * What a schema and a name are, as a subquery: `names` is the alias of rows (schema, name). Looked up one by one, which a
 * join need not be: it may go by way of everything that bears a name, which each tenant has, and cost would grow with the
 * square of the tenants.
 */
const named = (names: string, { catalog, name, namespace }: Named): string => `
  (SELECT o.oid FROM ${catalog} o WHERE o.${name} = ${names}.name
      AND o.${namespace} = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = ${names}.schema))`;

interface Named {
  readonly catalog: string;
  readonly name: string;
  readonly namespace: string;
}

/** The oid of the relation of that name; null: there is none. */
export const relationNamed = (names: string): string =>
  named(names, { catalog: 'pg_class', name: 'relname', namespace: 'relnamespace' });

/** The oid of the type of that name; null: there is none. */
export const typeNamed = (names: string): string =>
  named(names, { catalog: 'pg_type', name: 'typname', namespace: 'typnamespace' });

/**
 * Joins the rows of a catalog that are looked up by an index, for each row before it by itself: OFFSET 0 keeps the planner from reading
 * the whole catalog for them. It does where a fleet is small when a statement is prepared, and goes on when it has grown.
 */
export const lookUp = (catalog: string, alias: string, condition: string): string =>
  `CROSS JOIN LATERAL (SELECT * FROM ${catalog} ${alias} WHERE ${condition} OFFSET 0) AS ${alias}`;

/** The same where there may be none: columns are null then. */
export const lookUpAny = (catalog: string, alias: string, condition: string): string =>
  `LEFT JOIN LATERAL (SELECT * FROM ${catalog} ${alias} WHERE ${condition} OFFSET 0) AS ${alias} ON true`;
