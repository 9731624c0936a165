import { beforeAll, expect, test } from '@jest/globals';
import { holdAt } from '../support/hold.js';
import { scenario } from '../support/scenario.js';
import { waitingForLock } from '../support/sessions.js';
import { untilSome } from '../support/until.js';

const s = scenario({ shared: true });

beforeAll(() =>
  s.start(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE plain (m mood); INSERT INTO plain VALUES ('sad');
           CREATE TYPE entry AS (m mood, n int); CREATE DOMAIN checked AS entry; CREATE TABLE nested (e checked[]);
           INSERT INTO nested VALUES (ARRAY[('sad', 1)::entry])`),
);

interface Case {
  readonly sql: string;
  readonly read: string;
  readonly row: unknown;
}

/** What the shard has once it has committed, and the veneer not yet. */
const CASES: Readonly<Record<string, Case>> = {
  'RENAME VALUE': {
    sql: `ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`,
    read: 'SELECT m::text AS v FROM bluth_co.plain',
    row: 'blue',
  },
  'RENAME VALUE, read through an array of a domain over a composite type': {
    sql: `ALTER TYPE mood RENAME VALUE 'blue' TO 'low'`,
    read: 'SELECT (e[1]).m::text AS v FROM bluth_co.nested',
    row: 'low',
  },
  'ADD VALUE': {
    sql: `ALTER TYPE mood ADD VALUE 'up' AFTER 'low'`,
    read: `SELECT string_agg(m::text, ',' ORDER BY m) AS v FROM bluth_co.plain`,
    row: 'low,up',
  },
};

test.each(Object.entries(CASES))(
  '%s: no reader passes between the commits of shard and veneer',
  async (name, { sql, read, row }) => {
    await s.write(sql);
    const hold = holdAt('after commit prepared:shard1');
    const report = s.runWith({ at: hold.at }).up({ shards: ['shard1'] });
    await hold.reached;
    if (name === 'ADD VALUE') await s.fleet.query('shard1', `INSERT INTO bluth_co.plain VALUES ('up')`);
    const reader = s.fleet.query('veneer', read, 'app');
    await untilSome(s.fleet, 'veneer', waitingForLock('veneer_app', 0));
    hold.release();
    expect(await reader).toEqual([{ v: row }]);
    expect(await report).toMatchObject({ problems: [], exitCode: 0 });
    await s.run.up();
    expect((await s.run.status()).drift).toEqual([]);
  },
);
