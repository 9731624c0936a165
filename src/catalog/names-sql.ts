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
