import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { ident } from '../../src/postgres/identifiers.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

const SHARDS = ['shard1', 'shard2', 'shard3'] as const;
const TENANTS = ['bluth_co', 'cyberdyne', 'initech'] as const;

let fleet: TestFleet;
let run: Commands;
let next: string;

beforeEach(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  next = `app_b_${fleet.name}`;
  await run.setup();
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int); INSERT INTO books VALUES (1)');
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(async () => {
  for (const shard of SHARDS)
    await fleet.query(
      shard,
      `DO $$ BEGIN IF to_regrole('${next}') IS NOT NULL THEN DROP OWNED BY ${ident(next)}; DROP ROLE ${ident(next)}; END IF; END $$`,
      'superuser',
    );
  await fleet.close();
});

const makeOn = (shard: string): Promise<unknown> =>
  fleet.query(shard, `CREATE ROLE ${ident(next)} LOGIN PASSWORD 'next-pw'`, 'superuser');

/** From now on the application's role is the new user on all shards. */
const rotate = (): Promise<void> =>
  fleet.writeConfig(
    bookstoreYaml(fleet.name).replace(
      /user: bookstore_app\n\s+password: .*/,
      () => `user: ${next}\n    password: next-pw`,
    ),
  );

/** Whom the veneer's application is on each shard. */
const remoteUsers = async (): Promise<unknown[]> => {
  const client = await fleet.connect('veneer', 'app');
  const users: unknown[] = [];
  for (const [index, tenant] of TENANTS.entries()) {
    await client.query(`SELECT FROM ${tenant}.books`);
    const [row] = await fleet.query(
      SHARDS[index]!,
      `SELECT usename::text AS name FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postgres_fdw'
        ORDER BY backend_start DESC LIMIT 1`,
      'superuser',
    );
    users.push(row?.name);
  }
  await client.end();
  return users;
};

/** Clients that read and write through the veneer until they are told to end; some stay connected, some connect each time. */
function traffic(): { readonly passed: () => Promise<void>; readonly end: () => Promise<readonly string[]> } {
  const errors: string[] = [];
  const counts = new Map<string, number>();
  let open = true;
  const one = async (client: Client, name: string, tenant: string): Promise<void> => {
    await client.query(
      `BEGIN; INSERT INTO ${tenant}.books VALUES (2); SELECT count(*) FROM ${tenant}.books; COMMIT`,
    );
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const loop = async (name: string, tenant: string, stays: boolean): Promise<void> => {
    let client: Client | null = null;
    while (open) {
      try {
        client ??= await fleet.connect('veneer', 'app');
        await one(client, name, tenant);
      } catch (error) {
        errors.push(`${name}: ${(error as Error).message}`);
        open = false;
      }
      if (!stays) {
        await client?.end();
        client = null;
      }
    }
  };
  const loops = TENANTS.flatMap((tenant) => [
    loop(`${tenant} stays`, tenant, true),
    loop(`${tenant} connects`, tenant, false),
  ]);
  /** Each of them has come through twice since. */
  const passed = async (): Promise<void> => {
    const before = new Map(counts);
    const isThrough = (): boolean =>
      !open ||
      TENANTS.every((tenant) =>
        ['stays', 'connects'].every(
          (kind) => (counts.get(`${tenant} ${kind}`) ?? 0) >= (before.get(`${tenant} ${kind}`) ?? 0) + 2,
        ),
      );
    while (!isThrough()) await fleet.query('veneer', 'SELECT');
  };
  return {
    passed,
    end: async () => {
      open = false;
      await Promise.all(loops);
      return errors;
    },
  };
}

test('a role moves to a second user on all shards while it reads and writes: not one statement fails', async () => {
  for (const shard of SHARDS) await makeOn(shard);
  const clients = traffic();
  await clients.passed();
  await rotate();
  const report = await run.setup();
  await clients.passed();
  expect(await clients.end()).toEqual([]);
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(report.members.map(({ member }) => member)).toEqual([...SHARDS, 'veneer']);
  expect(report.members.flatMap(({ statements }) => statements).join()).not.toMatch(/DROP|next-pw/);
  expect(await remoteUsers()).toEqual([next, next, next]);
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('where a shard does not know the second user yet, its mapping stays, and goes on to work', async () => {
  await makeOn('shard1');
  await makeOn('shard3');
  await rotate();
  expect(await run.setup()).toMatchObject({
    exitCode: 20,
    problems: [{ where: { member: 'shard2' } }],
    members: [{}, { member: 'shard2', state: 'failed' }, {}, { member: 'veneer', problem: null }],
  });
  expect(await remoteUsers()).toEqual([next, 'bookstore_app', next]);
  await makeOn('shard2');
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await remoteUsers()).toEqual([next, next, next]);
});
