import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.createTable(
    'books',
    {
      id: { type: 'uuid', primaryKey: true, default: pgm.func('gen_random_uuid()') },
      title: { type: 'text', notNull: true },
      author_id: { type: 'uuid', notNull: true, references: 'authors' },
      publish_date: { type: 'date' },
    },
    { constraints: { unique: ['author_id', 'title'] } },
  );
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable('books');
}
