import pg from 'pg';

/** A name as SQL: always quoted, so that a reserved, mixed-case or hostile name is just a name. */
export const ident = (name: string): string => pg.escapeIdentifier(name);

/** A value as an SQL literal, for DDL, which takes no bind parameters. */
export const literal = (value: string): string => pg.escapeLiteral(value);

export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

export const qualified = ({ schema, name }: QualifiedName): string => `${ident(schema)}.${ident(name)}`;

/** For messages and map keys, not for SQL. */
export const display = ({ schema, name }: QualifiedName): string => `${schema}.${name}`;

/** A key that is unique for any two names, dots and blanks inside names included: none of PostgreSQL's has a NUL. Keys are joined by one, too. */
export const nameKey = ({ schema, name }: QualifiedName): string => `${schema}\0${name}`;

/** In the order of code units, which is that of PostgreSQL's type name but for characters beyond U+FFFF. */
export const compareNames = (a: QualifiedName, b: QualifiedName): number =>
  compare(a.schema, b.schema) || compare(a.name, b.name);

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

export const sameName = (a: QualifiedName, b: QualifiedName): boolean =>
  a.schema === b.schema && a.name === b.name;
