import { mkdir, rename } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { scenario } from '../../support/scenario.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id int, title text, pages int, gone int); INSERT INTO books VALUES (1, 'Emma', 474)`;

const SHELF = `SET search_path TO bluth_co;
  CREATE MATERIALIZED VIEW shelf WITH (fillfactor = 70) AS SELECT id, title, pages FROM books;
  CREATE UNIQUE INDEX shelf_id ON shelf (id); COMMENT ON INDEX shelf_id IS 'for CONCURRENTLY';
  COMMENT ON MATERIALIZED VIEW shelf IS 'nightly'; GRANT SELECT ON shelf TO PUBLIC;
  ALTER MATERIALIZED VIEW shelf ALTER title SET STATISTICS 300`;

const shelf = (): Promise<unknown> =>
  s.fleet.query(
    'veneer',
    `SELECT c.oid, c.relispopulated, c.reloptions, c.relacl::text, obj_description(c.oid, 'pg_class') AS comment,
            (SELECT json_agg(json_build_array(pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')))
               FROM pg_index WHERE indrelid = c.oid) AS indexes,
            (SELECT json_agg(a.attstattarget ORDER BY attnum) FROM pg_attribute a WHERE attrelid = c.oid AND attnum > 0) AS targets,
            (SELECT json_agg(m) FROM bluth_co.shelf m) AS rows
       FROM pg_class c WHERE c.oid = 'bluth_co.shelf'::regclass`,
  );

test('a materialized view keeps its rows and all that it has while tables below it change in place', async () => {
  await s.start(BOOKS);
  await s.fleet.query('veneer', SHELF);
  const before = await shelf();
  await s.write(`ALTER TABLE books RENAME title TO name; ALTER TABLE books ADD isbn text; ALTER TABLE books DROP gone;
                 ALTER TABLE books ALTER pages SET NOT NULL; ALTER TABLE books RENAME TO works`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await shelf()).toEqual(before);
  await s.fleet.query('veneer', 'REFRESH MATERIALIZED VIEW CONCURRENTLY bluth_co.shelf');
  expect(await shelf()).toEqual(before);
});

test('a type change below one is refused with the reason and the way, and migrations of the veneer around it are that way', async () => {
  await s.start(BOOKS);
  await s.fleet.query('veneer', SHELF);
  const before = await shelf();
  await s.fleet.writeMigration('0003_wider.sql', 'ALTER TABLE books ALTER pages TYPE bigint');
  const refused = await s.run.up();
  expect(refused).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: expect.stringMatching(/^materialized view bluth_co.shelf stands in the way on veneer/),
        detail: expect.stringContaining('its rows cannot be read from a shard within the step'),
        hint: 'drop or change on veneer what is named, by hand or in a migration of the veneers, migrate, and make it anew',
      },
    ],
  });
  expect(await shelf()).toEqual(before);
  await mkdir(`${s.fleet.dir}/migrations/veneer`);
  await s.fleet.writeMigration('veneer/0004_away.sql', 'DROP MATERIALIZED VIEW bluth_co.shelf');
  await rename(`${s.fleet.dir}/migrations/0003_wider.sql`, `${s.fleet.dir}/migrations/0005_wider.sql`);
  await s.fleet.writeMigration('veneer/0006_back.sql', `${SHELF}; RESET search_path`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  const [now] = (await shelf()) as Record<string, unknown>[];
  const [was] = before as Record<string, unknown>[];
  expect({ ...now, oid: null }).toEqual({ ...was, oid: null });
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});
