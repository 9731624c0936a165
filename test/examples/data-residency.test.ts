import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';
import { untilSome } from '../support/until.js';
import { clean, committed } from '../support/outcomes.js';

const REGIONS = ['usa', 'gbr', 'aus'];

let fleet: ExampleFleet;

const app = (region: string) => ({ user: 'app', password: `APP_PASSWORD_${region.toUpperCase()}` });

/** One statement as the application of a region. */
const as = (region: string, sql: string): Promise<Record<string, unknown>[]> =>
  fleet.query(region, sql, app(region));

const everywhere = (sql: string): Promise<Record<string, unknown>[][]> =>
  Promise.all(REGIONS.map((region) => fleet.query(region, sql)));

let next = 100;
const newId = (): string => `00000000-0000-4000-8000-${String(++next).padStart(12, '0')}`;

const details = (id: string, region: string, email: string): string =>
  `INSERT INTO shared.identity_details (id, region, email) VALUES ('${id}', '${region}', '${email}')`;

/** What a region itself keeps of somebody. */
const atHome = (region: string, id: string): Promise<Record<string, unknown>[]> =>
  fleet.query(region, `SELECT email FROM ONLY ${region}.identity_details WHERE id = '${id}'`);

beforeAll(async () => {
  fleet = await exampleFleet('data-residency');
});

afterAll(() => fleet.close());

test('its story is told to the end: one step for all regions, and a rewrite only with --offline', async () => {
  const story = await fleet.tell();
  expect(story).toMatch(/migrate up\n[^$]*\(exit code 20\)\n\$ migrate up --offline\n/);
  expect(await fleet.run.status()).toMatchObject(clean);
});

test.each(REGIONS)(
  'in %s its own partition is local, and the others are attached foreign tables',
  async (region) => {
    const partitions = `SELECT relnamespace::regnamespace::text AS of, relkind AS kind, pg_get_expr(relpartbound, oid) AS bounds
                        FROM pg_class WHERE relispartition AND relname = 'identity_details' ORDER BY 1`;
    expect(await fleet.query(region, partitions)).toEqual(
      REGIONS.toSorted().map((of) => ({
        of,
        kind: of === region ? 'r' : 'f',
        bounds: `FOR VALUES IN ('${of}')`,
      })),
    );
  },
);

test.each(REGIONS)(
  'INSERT, and INSERT … ON CONFLICT DO NOTHING, land at home in %s from any region',
  async (home) => {
    for (const region of REGIONS) {
      const id = newId();
      await as(region, details(id, home, 'first'));
      await as(region, `${details(id, home, 'second')} ON CONFLICT DO NOTHING`);
      expect(await atHome(home, id)).toEqual([{ email: 'first' }]);
      const seen = `SELECT region, email FROM shared.identity_details WHERE id = '${id}'`;
      const row = { region: home, email: 'first' };
      expect(await everywhere(seen)).toEqual([[row], [row], [row]]);
    }
  },
);

test('an identity is mirrored to all regions, with its transaction, and its removal too', async () => {
  const id = newId();
  const counts = `SELECT count(*)::int AS n FROM shared.identity WHERE id = '${id}'`;
  await as('usa', `BEGIN; INSERT INTO shared.identity VALUES ('${id}', 'usa'); ROLLBACK`);
  expect(await everywhere(counts)).toEqual([[{ n: 0 }], [{ n: 0 }], [{ n: 0 }]]);
  await as('usa', `INSERT INTO shared.identity VALUES ('${id}', 'usa')`);
  expect(await everywhere(counts)).toEqual([[{ n: 1 }], [{ n: 1 }], [{ n: 1 }]]);
  expect(await as('aus', `SELECT region FROM usa.identity WHERE id = '${id}'`)).toEqual([{ region: 'usa' }]);
  await as('usa', `DELETE FROM shared.identity WHERE id = '${id}'`);
  expect(await everywhere(counts)).toEqual([[{ n: 0 }], [{ n: 0 }], [{ n: 0 }]]);
});

/** Resolves once a session in a region waits for another transaction's row. */
const someoneWaits = (region: string): Promise<void> =>
  untilSome(fleet, region, `SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`);

const save = (id: string, email: string): string => `SELECT shared.save_details('${id}', 'gbr', '${email}')`;

test.each([
  ['at home', 'gbr', 'gbr'],
  ['in two other regions', 'usa', 'aus'],
])(
  'an upsert by two callers at once, %s, leaves one row, of the one who was last',
  async (_where, one, other) => {
    const id = newId();
    const [first, second] = [await fleet.connect(one, app(one)), await fleet.connect(other, app(other))];
    await first.query('BEGIN');
    await first.query(save(id, 'first'));
    const waiting = second.query(save(id, 'second')).catch((error: { code?: string }) => error.code);
    await someoneWaits('gbr');
    await first.query('COMMIT');
    // Over postgres_fdw the other one reads in REPEATABLE READ, in which nobody can see the row that came meanwhile.
    if ((await waiting) === '40001') await second.query(save(id, 'second'));
    expect(one === 'gbr' ? await waiting : '').not.toBe('40001');
    expect(await atHome('gbr', id)).toEqual([{ email: 'second' }]);
  },
);

test('moving a row by UPDATE is refused by PostgreSQL, but for one out of the region where one is', async () => {
  const id = newId();
  await as('gbr', details(id, 'gbr', 'stays'));
  const move = (to: string): string =>
    `UPDATE shared.identity_details SET region = '${to}' WHERE id = '${id}'`;
  await expect(as('usa', move('usa'))).rejects.toMatchObject({ code: '23514' });
  await expect(as('usa', move('aus'))).rejects.toMatchObject({ code: '23514' });
  await expect(as('gbr', move('usa'))).rejects.toThrow(
    /cannot route tuples into foreign table to be updated/,
  );
  expect(await atHome('gbr', id)).toEqual([{ email: 'stays' }]);
  await as('gbr', `${move('usa')} AND region = 'gbr'`);
  expect([await atHome('gbr', id), await atHome('usa', id)]).toEqual([[], [{ email: 'stays' }]]);
});

let day = 0;

const migrate = async (action: string): ReturnType<ExampleFleet['run']['up']> => {
  const name = `202606${String(++day).padStart(2, '0')}090000000_change`;
  await fleet.write(`migrations/veneer/${name}.sql`, `ALTER TABLE shared.identity_details ${action};`);
  return fleet.run.up();
};

test.each(['ADD COLUMN born date', 'RENAME COLUMN born TO birthday', 'DROP COLUMN birthday'])(
  'the parents change in all regions in one step: %s',
  async (action) => {
    const report = await migrate(action);
    expect(report).toMatchObject(committed);
    expect(report.veneerSteps.map(({ protocol }) => protocol)).toEqual(['two-phase']);
    expect(await fleet.run.status()).toMatchObject(clean);
  },
);

test('while a region is down the others write and read at home, nothing migrates, and nothing is half done', async () => {
  await fleet.stop('aus');
  const [id, other] = [newId(), newId()];
  await as('usa', details(id, 'usa', 'here'));
  await as('gbr', details(other, 'usa', 'there'));
  expect(await as('gbr', "SELECT email FROM shared.identity_details WHERE region = 'usa' AND email = 'there'")).toEqual([{ email: 'there' }]); // prettier-ignore
  await expect(as('usa', 'SELECT count(*) FROM shared.identity_details')).rejects.toMatchObject({
    code: '08001',
  });
  await expect(as('usa', `INSERT INTO shared.identity VALUES ('${id}', 'usa')`)).rejects.toMatchObject({
    code: '08001',
  });
  expect(await as('gbr', `SELECT FROM shared.identity WHERE id = '${id}'`)).toEqual([]);
  await expect(migrate('ADD COLUMN note text')).rejects.toMatchObject({ facts: { exitCode: 23 } });
  expect(await fleet.run.status()).toMatchObject({ exitCode: 23 });
  const note = `SELECT FROM pg_attribute WHERE attname = 'note' AND attrelid = 'shared.identity_details'::regclass`;
  expect([await fleet.query('usa', note), await fleet.query('gbr', note)]).toEqual([[], []]);
  await fleet.start('aus');
  expect(await fleet.run.up()).toMatchObject(committed);
  expect(await fleet.run.status()).toMatchObject(clean);
});

/** Describes a fourth region, a database beside Australia's, as its operator would. */
async function foundNewZealand(): Promise<Client> {
  const { variables, servers } = fleet;
  const australia = servers.find(({ name }) => name === 'aus')!;
  await fleet.query('aus', 'CREATE DATABASE residency_nzl OWNER residency_admin', 'superuser');
  await withSuperuser(australia, 'residency_nzl', async (session) => {
    await session.run('CREATE EXTENSION postgres_fdw SCHEMA public');
    await session.run('GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO residency_admin');
  });
  const url = urlWith(variables['AUS_URL'] ?? '', { database: 'residency_nzl' });
  const alike = ['AUS_HOST', 'AUS_PORT', 'ADMIN_PASSWORD_AUS', 'APP_PASSWORD_AUS'];
  const more = [['NZL_URL', url], ...alike.map((name) => [name.replace('AUS', 'NZL'), variables[name]])];
  const env = await readFile(path.join(fleet.dir, '.env'), 'utf8');
  await fleet.write('.env', env + more.map(([name, value]) => `${name}=${value}\n`).join(''));
  const toNzl = (line: string): string =>
    `${line}\n${line.replaceAll('AUS', 'NZL').replaceAll('aus', 'nzl')}`;
  await fleet.rewrite((yaml) =>
    yaml.replace('aus: {}', 'aus: {}, nzl: {}').replace(/^ {2}aus: \{ url.*$/m, toNzl),
  );
  return new Client({
    connectionString: urlWith(url, { user: 'app', password: variables['APP_PASSWORD_AUS']! }),
  });
}

test('a region joins: its parents catch up, and its partition is attached in all regions in one step', async () => {
  const nzl = await foundNewZealand();
  expect(await fleet.run.setup()).toMatchObject(committed);
  const report = await fleet.run.up();
  expect(report).toMatchObject(committed);
  // What the others had already was no part of a step: the new one gets it by sync, as status says.
  expect(await fleet.run.status()).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  expect(await fleet.run.sync()).toMatchObject(committed);
  expect(await fleet.run.status()).toMatchObject(clean);

  await nzl.connect();
  try {
    await nzl.query('INSERT INTO shared.identity SELECT * FROM usa.identity');
    const [id, other] = [newId(), newId()];
    await nzl.query(details(id, 'gbr', 'from nzl'));
    expect(await atHome('gbr', id)).toEqual([{ email: 'from nzl' }]);
    await as('usa', details(other, 'nzl', 'to nzl'));
    const { rows } = await nzl.query(`SELECT email FROM ONLY nzl.identity_details WHERE id = '${other}'`);
    expect(rows).toEqual([{ email: 'to nzl' }]);
    await as('usa', `INSERT INTO shared.identity VALUES ('${other}', 'usa')`);
    const mirrored = await nzl.query(`SELECT region FROM shared.identity WHERE id = '${other}'`);
    expect(mirrored.rows).toEqual([{ region: 'usa' }]);
  } finally {
    await nzl.end();
  }
});
