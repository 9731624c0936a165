import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Client } from 'pg';
import { ident } from '../../src/postgres/identifiers.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { assertLikeImport } from '../support/like-import.js';
import { randomShard, type Choice } from '../support/random-shard.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

const SHARDS = { shard1: 'bluth_co', shard2: 'Cyber "dyne"', shard3: 'initech' };

/** `PROPERTY_SEED` plays a failed run again, `PROPERTY_RUNS` plays more of them. */
const seed = Number(process.env['PROPERTY_SEED'] ?? 1);
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 3);

let fleet: TestFleet;
let run: Commands;
let members: Map<string, Client>;
let majors: Map<string, number>;
let version: number;
let count = 0;

beforeAll(async () => {
  const config = (name: string): string =>
    bookstoreYaml(name).replace('[cyberdyne, dunder_mifflin]', `['${SHARDS.shard2}']`);
  fleet = await freshFleet({ config });
  run = commandsOn(fleet);
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  members = new Map();
  majors = new Map();
  for (const member of ['veneer', ...Object.keys(SHARDS)]) {
    const client = await fleet.connect(member);
    await client.query(`SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'; SET extra_float_digits = 3`);
    members.set(member, client);
    const { rows } = await client.query<{ major: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    majors.set(member, rows[0]?.major ?? 0);
  }
  version = Math.min(...Object.keys(SHARDS).map((shard) => majors.get(shard)!));
});

afterAll(() => fleet.close());

const number = fc.nat({ max: 999_983 });
/** A migration makes a few changes at once. */
const migration = fc.array(fc.tuple(number, number, number, number), { minLength: 1, maxLength: 6 });
const choices = fc.array(migration, { minLength: 3, maxLength: 8 });

test('after every step of a random history the veneer is what IMPORT makes of the shards, and shows their rows', async () => {
  await fc.assert(
    fc.asyncProperty(choices, async (history) => {
      const shard = randomShard(version, Math.min(...majors.values()));
      for (const changes of history as Choice[][]) {
        const sql = changes.flatMap((choice) => shard.change(choice) ?? []);
        if (sql.length > 0) await migrate(sql.join(';\n'));
      }
      await migrate(CLEAN);
    }),
    { seed, numRuns, verbose: 1, endOnFailure: process.env['PROPERTY_SHRINK'] === undefined },
  );
});

/** Drops what a history made. */
const CLEAN = `DO $do$ DECLARE c record; BEGIN
  FOR c IN SELECT oid FROM pg_class
            WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p')
  LOOP
    IF EXISTS (SELECT FROM pg_class WHERE oid = c.oid) THEN
      EXECUTE 'DROP TABLE ' || c.oid::regclass || ' CASCADE';
    END IF;
  END LOOP;
  FOR c IN SELECT t.oid FROM pg_type t LEFT JOIN pg_class k ON k.oid = t.typrelid
            WHERE typnamespace = quote_ident(current_schema())::regnamespace
              AND (typtype IN ('e', 'd', 'r') OR k.relkind = 'c')
  LOOP
    IF EXISTS (SELECT FROM pg_type WHERE oid = c.oid) THEN
      EXECUTE 'DROP TYPE ' || c.oid::regtype || ' CASCADE';
    END IF;
  END LOOP; END $do$`;

async function migrate(sql: string): Promise<void> {
  await fleet.writeMigration(`${String(++count).padStart(4, '0')}_change.sql`, sql);
  const report = await run.up();
  expect({ sql, ...problemsOf(report) }).toEqual({ sql, problems: [], exitCode: 0 });
  await assertLikeImport(fleet);
  await assertSameTypes();
  await assertSameRows();
  const repairs = (await run.sync({ dryRun: true })).veneers.flatMap(({ statements }) => statements);
  expect({ sql, repairs }).toEqual({ sql, repairs: [] });
  expect((await run.status()).drift).toEqual([]);
}

const problemsOf = ({ problems, exitCode }: Awaited<ReturnType<Commands['up']>>): object => ({
  problems,
  exitCode,
});

/** Two servers of one major write an expression in one way; of others, that there is one is compared. */
const TYPES = `
  SELECT t.typname AS name, t.typtype AS kind,
         (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels,
         format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base, t.typcollation::regcollation::text AS collation,
         t.typnotnull AS "notNull", CASE WHEN $2 THEN pg_get_expr(t.typdefaultbin, 0) ELSE (t.typdefaultbin IS NULL)::text END AS default,
         (SELECT array_agg(conname || CASE WHEN $2 THEN pg_get_constraintdef(k.oid) ELSE '' END ORDER BY conname)
            FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c') AS checks,
         (SELECT array_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attcollation::regcollation) ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS attributes,
         (SELECT concat_ws(' ', rngsubtype::regtype, rngsubopc, to_jsonb(r) ->> 'rngmultitypid' IS NULL) FROM pg_range r WHERE rngtypid = t.oid) AS range
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.typnamespace = $1::regnamespace AND (t.typtype IN ('e', 'd', 'r', 'm') OR c.relkind = 'c')
   ORDER BY t.typname COLLATE "C"`;

/** Types that foreign tables' columns are made of; what nothing shows any more may be older than the shard's. */
const IN_USE = `
  WITH RECURSIVE used(oid) AS (
    SELECT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relkind = 'f' AND c.relnamespace = $1::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT d.refobjid FROM used JOIN pg_type t ON t.oid = used.oid
      JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass
       AND ((d.classid = 'pg_type'::regclass AND d.objid = t.oid)
            OR (d.classid = 'pg_class'::regclass AND d.objid = t.typrelid AND t.typrelid <> 0)))
  SELECT typname AS name FROM pg_type JOIN used ON used.oid = pg_type.oid WHERE typnamespace = $1::regnamespace`;

async function assertSameTypes(): Promise<void> {
  const veneer = members.get('veneer')!;
  for (const [member, schema] of Object.entries(SHARDS)) {
    const isSame = majors.get(member) === majors.get('veneer');
    const read = async (client: Client): Promise<{ readonly name: string }[]> =>
      (await client.query<{ name: string }>(TYPES, [ident(schema), isSame])).rows;
    const { rows } = await veneer.query<{ name: string }>(IN_USE, [ident(schema)]);
    const names = new Set(rows.map(({ name }) => name));
    const inUse = async (client: Client): Promise<unknown> =>
      (await read(client)).filter(({ name }) => names.has(name));
    expect(await inUse(veneer)).toEqual(await inUse(members.get(member)!));
  }
}

async function assertSameRows(): Promise<void> {
  const veneer = members.get('veneer')!;
  for (const [member, schema] of Object.entries(SHARDS)) {
    const { rows: tables } = await veneer.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'f'`,
      [ident(schema)],
    );
    for (const { name } of tables) {
      const sql = `SELECT t::text AS row FROM ${ident(schema)}.${ident(name)} AS t ORDER BY 1`;
      const [shown, stored] = [await veneer.query(sql), await members.get(member)!.query(sql)];
      expect({ name, rows: shown.rows }).toEqual({ name, rows: stored.rows });
    }
  }
}
