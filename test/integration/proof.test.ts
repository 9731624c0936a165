import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

/** Whoever alters a table of the veneer finds one column more in it, once in each transaction. */
const MEDDLE = `
  CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF pg_catalog.current_setting('meddle.done', true) IS DISTINCT FROM 'yes' THEN
      PERFORM pg_catalog.set_config('meddle.done', 'yes', true);
      ALTER FOREIGN TABLE bluth_co.books ADD COLUMN meddled int;
    END IF;
  END $$;
  CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('ALTER FOREIGN TABLE') EXECUTE FUNCTION public.meddle()`;

test('what a veneer shows is proved behind the statements: where it is something else, nothing is committed', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', MEDDLE, 'superuser');
  // Of which no text tells, so that nothing is altered there before it is read, not even for a lock.
  await s.write(`DO 'BEGIN ALTER TABLE books ADD COLUMN title text; END'`);
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report).toMatchObject({
    exitCode: 1,
    problems: [
      { message: expect.stringMatching(/^veneer would still differ: .*DROP COLUMN "meddled"/), exitCode: 1 },
    ],
  });
  const columns = `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0`;
  expect(await s.fleet.query('shard1', columns)).toEqual([{ name: 'id' }]);
  expect(await s.fleet.query('veneer', columns)).toEqual([{ name: 'id' }]);
});
