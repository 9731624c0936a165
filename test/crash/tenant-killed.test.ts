import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { killedAt } from '../support/killed-at.js';

let fleet: TestFleet;
let run: Commands;

beforeAll(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int); INSERT INTO books VALUES (1)');
  expect(await run.up()).toMatchObject({ exitCode: 0 });
});

afterAll(() => fleet.close());

/** Schema and ledger on the shard; schema, row and rows of the foreign table on the veneer. */
async function readTenant(): Promise<unknown> {
  const [shard] = await fleet.query(
    'shard2',
    `SELECT (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'hooli') AS schema,
            (SELECT count(*)::int FROM pgveneer.ledger WHERE tenant = 'hooli') AS ledger`,
  );
  const [veneer] = await fleet.query(
    'veneer',
    `SELECT (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'hooli') AS schema,
            (SELECT count(*)::int FROM pg_foreign_table WHERE 'schema_name=hooli' = ANY (ftoptions)) AS tables,
            (SELECT count(*)::int FROM pgveneer.tenants WHERE tenant = 'hooli') AS listed`,
  );
  return [shard?.schema, shard?.ledger, veneer?.schema, veneer?.tables, veneer?.listed];
}

const THERE = [1, 1, 1, 1, 1];
const GONE = [0, 0, 0, 0, 0];

const traces = async (): Promise<unknown[]> => {
  const left = async (member: string): Promise<unknown[]> =>
    fleet.query(
      member,
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() UNION ALL SELECT step FROM pgveneer.step',
    );
  return [...(await left('shard2')), ...(await left('veneer'))];
};

const POINTS = [
  'after statements:shard2',
  'after intent',
  'before commit prepared:shard2',
  'after commit prepared:shard2',
  'before close',
];

const kill = (args: readonly string[], point: string): Promise<void> => killedAt(fleet, args, `${point}#1`);

const add = () => run.tenant({ action: 'add', names: ['hooli'], shard: 'shard2', dryRun: false });
const drop = () => run.tenant({ action: 'drop', name: 'hooli', shard: null, yes: true, dryRun: false });

test.each([...POINTS, 'before listing'])(
  'tenant add cut %s: recovery makes it all or nothing, and typed again it is whole and listed',
  async (point) => {
    await kill(['tenant', 'add', 'hooli', '--shard', 'shard2'], point);
    expect(await run.recover()).toMatchObject({ exitCode: 0 });
    const isDecided = POINTS.indexOf(point) < 0 || POINTS.indexOf(point) >= 2;
    expect(await readTenant()).toEqual(isDecided ? THERE : GONE);
    expect(await fleet.readConfig()).not.toContain('hooli');
    expect(await add()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await readTenant()).toEqual(THERE);
    expect(await fleet.readConfig()).toContain('[cyberdyne, dunder_mifflin, hooli]');
    expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
    expect(await traces()).toEqual([]);
    expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  },
);

test.each(['after statements:shard2', 'after commit prepared:shard2'])(
  'a tenant that is made like another and cut %s is there as a whole or not at all',
  async (point) => {
    await kill(['tenant', 'add', 'hooli', '--shard', 'shard2', '--like', 'cyberdyne'], point);
    expect(await run.recover()).toMatchObject({ exitCode: 0 });
    expect(await readTenant()).toEqual(point === POINTS[0] ? GONE : THERE);
    expect(
      await run.tenant({
        action: 'add',
        names: ['hooli'],
        shard: 'shard2',
        like: 'cyberdyne',
        dryRun: false,
      }),
    ).toMatchObject({ exitCode: 0, problems: [] });
    expect(await readTenant()).toEqual(THERE);
    expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
    expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
  },
);

test.each(['after unlisting', ...POINTS])(
  'tenant drop cut %s: recovery makes it all or nothing, and typed again it is gone',
  async (point) => {
    expect(await add()).toMatchObject({ exitCode: 0, problems: [] });
    await kill(['tenant', 'drop', 'hooli', '--yes'], point);
    expect(await run.recover()).toMatchObject({ exitCode: 0 });
    const isDecided = POINTS.indexOf(point) >= 2;
    expect(await readTenant()).toEqual(isDecided ? GONE : THERE);
    expect(await fleet.readConfig()).not.toContain('hooli');
    if (!isDecided) {
      expect((await run.status()).drift).toContainEqual(expect.objectContaining({ object: 'tenant hooli' }));
      expect(await drop()).toMatchObject({ exitCode: 0, problems: [] });
    }
    expect(await readTenant()).toEqual(GONE);
    expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
    expect(await traces()).toEqual([]);
  },
);
