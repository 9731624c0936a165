/** What a migration of the crash matrix does; each of them counts, too. */
export const KINDS = [
  'create table',
  'add column',
  'rename column',
  'drop table',
  'change types',
  'count rows',
  'create index',
] as const;

export type Kind = (typeof KINDS)[number];

/** A migration that no veneer takes part in: one server commits it alone. */
export const isOfOneServer = (kind: Kind): boolean => kind === 'count rows' || kind === 'create index';

/**
 * What each tenant has before the first crash: a counter that every migration raises, a line for each of them, and
 * the table that they change.
 */
export const FIRST = `
CREATE TABLE counter (n int NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE counted (migration text NOT NULL);
CREATE TABLE subject (id int PRIMARY KEY, name_0 text NOT NULL);
INSERT INTO subject VALUES (1, 'one');
CREATE TABLE spare_0 (id int);
`;

/** The SQL of the number-th (1, 2, …) migration of one kind; a run that repeats it raises the counter twice. */
export function migrationText(kind: Kind, name: string, number: number): string {
  return `${change(kind, number)}UPDATE counter SET n = n + 1;\nINSERT INTO counted VALUES ('${name}');\n`;
}

function change(kind: Kind, number: number): string {
  switch (kind) {
    case 'create table':
      return `CREATE TABLE made_${number} (id int PRIMARY KEY, note text NOT NULL DEFAULT 'none');\n`;
    case 'add column':
      return `ALTER TABLE subject ADD COLUMN added_${number} int DEFAULT ${number};\n`;
    case 'rename column':
      return `ALTER TABLE subject RENAME COLUMN name_${number - 1} TO name_${number};\n`;
    case 'drop table':
      return `DROP TABLE spare_${number - 1};\n`;
    case 'change types':
      return changeTypes(number);
    case 'count rows':
      return '';
    case 'create index':
      return `CREATE INDEX subject_${number} ON subject (id);\n`;
  }
}

const TYPES = `
CREATE TYPE mood AS ENUM ('first_0', 'last');
CREATE DOMAIN good AS int CONSTRAINT good_0 CHECK (VALUE > 0);
CREATE TYPE place AS (street_0 text, m mood);
CREATE TYPE named_0 AS ENUM ('one');
CREATE TYPE anew AS ENUM ('old', 'one');
CREATE TABLE typed (id int, m mood, g good, p place, n named_0, a anew);
INSERT INTO typed VALUES (1, 'last', 1, ('Elm', 'first_0'), 'one', 'one');
`;

/** Each way in which a type is changed: in place, by another name, made anew with a column that follows, for the first time. */
const changeTypes = (number: number): string => `
ALTER TYPE mood ADD VALUE 'added_${number}' BEFORE 'last';
ALTER TYPE mood RENAME VALUE 'first_${number - 1}' TO 'first_${number}';
ALTER DOMAIN good DROP CONSTRAINT good_${number - 1};
ALTER DOMAIN good ADD CONSTRAINT good_${number} CHECK (VALUE > -${number});
ALTER TYPE place RENAME ATTRIBUTE street_${number - 1} TO street_${number};
ALTER TYPE place ADD ATTRIBUTE added_${number} mood[];
ALTER TYPE named_${number - 1} RENAME TO named_${number};
ALTER TYPE anew RENAME TO leaving;
CREATE TYPE anew AS ENUM ('one', 'in_${number}');
ALTER TABLE typed ALTER a TYPE anew USING 'one';
DROP TYPE leaving;
CREATE TYPE made_${number} AS (m mood);
ALTER TABLE typed ADD added_${number} made_${number}[];
`;

/** What has to be there before such a migration; null where nothing has. */
export function preparation(kind: Kind, number: number): string | null {
  if (kind === 'change types' && number === 1) return TYPES;
  return kind === 'drop table' && number > 1 ? `CREATE TABLE spare_${number - 1} (id int);\n` : null;
}
