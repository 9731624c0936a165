import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { blockedBy } from '../support/sessions.js';
import { untilSome } from '../support/until.js';

const s = scenario();

/** Whoever adds a column to the table of the veneer finds one more in it, which is gone with the transaction. */
const MEDDLE = `
  CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF (SELECT array_agg(attname::text ORDER BY attname) = '{id,title}' FROM pg_catalog.pg_attribute
         WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0) THEN
      ALTER FOREIGN TABLE bluth_co.books ADD COLUMN meddled int;
    END IF;
  END $$;
  CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('ALTER FOREIGN TABLE') EXECUTE FUNCTION public.meddle()`;

/** Of which no text tells, so that nothing is locked on the veneer before it is read, in the first attempt. */
const UNTOLD = `DO 'BEGIN ALTER TABLE books ADD COLUMN title text; END'`;

const COLUMNS = `SELECT attname AS name FROM pg_attribute
                  WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

const onShard1 = { shards: ['shard1'] };

test('what a veneer shows is proved behind the statements: where it is something else, nothing is committed', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', MEDDLE, 'superuser');
  await s.write(UNTOLD);
  const report = await s.run.up(onShard1);
  expect(report).toMatchObject({
    exitCode: 1,
    shards: [{ steps: [{ attempts: 2 }] }],
    problems: [
      { message: expect.stringMatching(/^veneer would still differ: .*DROP COLUMN "meddled"/), exitCode: 1 },
    ],
  });
  expect(await s.fleet.query('shard1', COLUMNS)).toEqual([{ name: 'id' }]);
  expect(await s.fleet.query('veneer', COLUMNS)).toEqual([{ name: 'id' }]);
});

test.each(['up', 'rehearse'] as const)(
  "%s begins again where somebody else's change came between our look at a table and its lock",
  async (command) => {
    await s.start('CREATE TABLE books (id int)');
    await s.write(UNTOLD);
    const stranger = await s.fleet.connect('veneer');
    await stranger.query('BEGIN; ALTER FOREIGN TABLE bluth_co.books ADD COLUMN note text');
    const [own] = (await stranger.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    const report = s.run[command](onShard1);
    await untilSome(s.fleet, 'veneer', blockedBy(own?.pid ?? 0));
    await stranger.query('COMMIT');
    expect(await report).toMatchObject({ problems: [], exitCode: 0 });
    const names = command === 'up' ? ['id', 'title'] : ['id', 'note'];
    expect(await s.fleet.query('veneer', COLUMNS)).toEqual(names.map((name) => ({ name })));
  },
);
