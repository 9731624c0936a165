/** What a migration of the crash matrix does; each of them counts, too. */
export const KINDS = [
  'create table',
  'add column',
  'rename column',
  'drop table',
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
    case 'count rows':
      return '';
    case 'create index':
      return `CREATE INDEX subject_${number} ON subject (id);\n`;
  }
}

/** What has to be there before such a migration; null where nothing has. */
export function preparation(kind: Kind, number: number): string | null {
  return kind === 'drop table' && number > 1 ? `CREATE TABLE spare_${number - 1} (id int);\n` : null;
}
