import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({
  config: (fleet) =>
    `${bookstoreYaml(fleet)}\nexpose: [{ from: "{schema}.{table}", as: "everyone.{tenant}_{table}" }]\n`,
});

test('where tenants share a schema of the veneer, each has types of its own there, in expressions too', async () => {
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  await s.write(`CREATE TYPE mood AS ENUM ('b', 'a'); CREATE DOMAIN good AS mood CHECK (VALUE <> 'b'::mood);
                 CREATE TABLE books (m mood, g good, more mood[]); INSERT INTO books VALUES ('b', 'a', '{a,b}')`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await s.write(`ALTER TYPE mood ADD VALUE 'c' BEFORE 'a'; ALTER TYPE good RENAME TO fine`);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  const read = `SELECT m < 'c'::everyone.cyberdyne_mood AS less, pg_typeof(g)::text AS type FROM everyone.cyberdyne_books`;
  expect(await s.fleet.query('veneer', read, 'app')).toEqual([
    { less: true, type: 'everyone.cyberdyne_fine' },
  ]);
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  await expect(
    s.fleet.query('veneer', `INSERT INTO everyone.initech_books (g) VALUES ('b')`, 'app'),
  ).rejects.toThrow('violates check constraint');
});
