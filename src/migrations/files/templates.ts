/** What a migration is written for. */
export type NewScope = 'tenant' | 'shard' | 'veneer';

/** The ending of a new migration's file. */
export type NewLanguage = 'sql' | 'ts' | 'js';

/** The file in the folder of migrations that a project's own template lies in; the loader passes over hidden files. */
export const templateFile = (language: NewLanguage): string => `.template.${language}`;

/** The text of a new migration where the project has no template of its own. */
export function builtInTemplate(language: NewLanguage, scope: NewScope): string {
  switch (language) {
    case 'sql':
      return `-- Up Migration\n-- ${REMARKS[scope]}\n\n-- Down Migration\n`;
    case 'ts':
      return `import type { MigrationBuilder } from 'node-pg-migrate';

// ${REMARKS[scope]}
export const up = (pgm: MigrationBuilder): void => {
  pgm.sql('');
};

export const down = (pgm: MigrationBuilder): void => {
  pgm.sql('');
};
`;
    case 'js':
      return `// ${REMARKS[scope]}

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql('');
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql('');
};
`;
  }
}

const REMARKS: Readonly<Record<NewScope, string>> = {
  tenant: 'Runs once for each tenant; search_path is its schema.',
  shard: 'Runs once on each shard.',
  veneer: 'Runs once on each veneer, on all of them in one step.',
};
