import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { waitingForLock } from '../support/sessions.js';
import { untilSome } from '../support/until.js';

const s = scenario();

const TABLES = ['a', 'b', 'c'] as const;
const CREATE = TABLES.map((table) => `CREATE TABLE ${table} (id int); INSERT INTO ${table} VALUES (1);`).join(
  '\n',
);
const ALTER = TABLES.map((table) => `ALTER TABLE ${table} ADD COLUMN more int;`).join('\n');

/** The same, and no text tells of it. */
const UNTOLD = `DO $$ BEGIN ${ALTER} END $$`;

/**
 * Where no text tells, the first shard to meet a migration changes the shard first, and learns what it changes: the others lock
 * that on the veneer before they begin.
 */
const PLACES = [
  { member: 'shard1', runner: 'bookstore_admin', app: 'bookstore_app', tenant: 'bluth_co', sql: UNTOLD },
  { member: 'veneer', runner: 'veneer_admin', app: 'veneer_app', tenant: 'initech', sql: UNTOLD },
  { member: 'veneer', runner: 'veneer_admin', app: 'veneer_app', tenant: 'bluth_co', sql: ALTER },
] as const;

/**
 * The session that has waited for deadlock_timeout looks for a cycle, and ends itself where it finds one. So the runner
 * must have stopped waiting before any session that waits for it can have waited for that long.
 */
test.each(PLACES)(
  'an application session that holds one table and wants the next is never the deadlock victim, on $member, for $tenant',
  async ({ member, runner, app, tenant, sql }) => {
    await s.start(CREATE);
    await s.write(sql);
    const [slow, victim] = [await s.fleet.connect('veneer', 'app'), await s.fleet.connect('veneer', 'app')];
    // One keeps the runner waiting for the second table, the other will for the third.
    await slow.query(`BEGIN; SELECT FROM ${tenant}.b`);
    await victim.query(`BEGIN; SELECT FROM ${tenant}.c`);
    const done = s.run.up();
    await untilSome(s.fleet, member, waitingForLock(runner, 0));
    const wanted = victim.query(`SELECT count(*)::int AS n FROM ${tenant}.a`);
    wanted.catch(() => undefined); // awaited below
    await untilSome(s.fleet, member, waitingForLock(app, 400));
    await slow.query('COMMIT');
    expect((await wanted).rows).toEqual([{ n: 1 }]);
    await victim.query('COMMIT');
    expect(await done).toMatchObject({ problems: [], exitCode: 0 });
  },
);
