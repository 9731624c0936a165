import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { startPooler } from './pooler.js';

const s = scenario();

test.each(['shard1', 'veneer'])('%s behind a pooler in transaction mode', async (member) => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('ALTER TABLE books ADD COLUMN title text');
  const pooler = await startPooler(s.fleet.urlOf(member));
  const file = join(s.fleet.dir, '.env');
  const direct = await readFile(file, 'utf8');
  const url = new URL(s.fleet.urlOf(member));
  url.port = String(pooler.port);
  await writeFile(file, direct.replace(s.fleet.urlOf(member), url.href));
  try {
    const report = await s.run.up({ shards: ['shard1'] });
    expect(report).toMatchObject({ exitCode: 78, shards: [{ state: 'failed' }] });
    expect(report.problems).toMatchObject([
      {
        message: `${member} is reached through a pooler in transaction mode: two connections share one backend`,
        where: { member },
        hint: 'point its url at PostgreSQL itself, or at a pool in session mode',
      },
    ]);
    const locks = `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                    WHERE d.datname = current_database() AND l.locktype = 'advisory'`;
    expect(await s.fleet.query(member, locks)).toEqual([]);
  } finally {
    await pooler.close();
  }
  await writeFile(file, direct);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
});
