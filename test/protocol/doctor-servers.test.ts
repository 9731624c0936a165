import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import type { CheckName, DoctorCheck, DoctorReport } from '../../src/report/doctor.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

let fleet: OwnFleet;
let run: Commands;

/** 12 connections, 3 of them for superusers, and 10 locks for each, which is the least there is. */
const SMALL = { max_connections: '12', max_locks_per_transaction: '10' };

const withTenants = (one: OwnFleet): Promise<void> =>
  one.writeConfig(bookstoreYaml(one.name).replace('[initech]', '[initech, a, b, c, d, e]'));

beforeAll(async () => {
  fleet = await startOwnFleet({ ...SMALL, max_prepared_transactions: '0' });
  run = commandsOn(fleet);
  await withTenants(fleet);
});

afterAll(() => fleet.close());

const checksOf = ({ members }: DoctorReport, member: string, check: CheckName): readonly DoctorCheck[] =>
  members.find((one) => one.member === member)?.checks.filter((one) => one.check === check) ?? [];

test('servers as PostgreSQL is installed: lock-step, and steps cut to what their lock tables hold', async () => {
  const report = await run.doctor();
  expect(report).toMatchObject({ exitCode: 0, problems: [], next: 'migrate setup' });
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3'])
    expect(checksOf(report, member, 'prepared transactions')).toEqual([
      {
        check: 'prepared transactions',
        outcome: 'warning',
        found:
          'none: steps there run in lock-step, and a crash between two commits leaves a veneer behind its shard until the next run',
        cure: 'ALTER SYSTEM SET max_prepared_transactions = 64, as a superuser, and restart the server',
      },
    ]);
  expect(checksOf(report, 'shard1', 'locks')).toMatchObject([{ outcome: 'ok' }]);
  for (const member of ['veneer', 'shard3'])
    expect(checksOf(report, member, 'locks')).toMatchObject([
      {
        outcome: 'warning',
        found:
          '120 locks: room for 2 tenants in a step of one statement, and it has 6: steps are cut to fewer tenants, and a migration takes more of them',
        cure: 'ALTER SYSTEM SET max_locks_per_transaction = 30, as a superuser, and restart the server',
      },
    ]);
});

test('steps of a size that shards.yaml gives are not cut, and told to fail', async () => {
  const yaml = await fleet.readConfig();
  await fleet.writeConfig(yaml.replace('rollout: {', 'rollout: { batch: 4,'));
  expect(checksOf(await run.doctor(), 'veneer', 'locks')).toMatchObject([
    { outcome: 'warning', found: expect.stringContaining('and it has 4: a step takes all the same') },
  ]);
  await fleet.writeConfig(yaml);
});

test('connections that others have are missing: fewer shards at a time, and then none', async () => {
  const others: Client[] = [];
  for (let i = 0; i < 6; i++) others.push(await fleet.connect('veneer', 'app'));
  expect(checksOf(await run.doctor(), 'veneer', 'connections')).toMatchObject([
    {
      outcome: 'warning',
      found: '2 of 9 are free, and a run takes up to 3: fewer shards go at a time, or a step is tried again',
      cure: 'ALTER SYSTEM SET max_connections = 10, as a superuser, and restart the server; or wait until others are done',
    },
  ]);
  for (let i = 0; i < 2; i++) others.push(await fleet.connect('veneer', 'app'));
  const full = await run.doctor();
  expect(full).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  expect(checksOf(full, 'veneer', 'connections')).toMatchObject([
    { outcome: 'failed', found: expect.stringMatching(/^0 of 9 are free/) },
  ]);
  await Promise.all(others.map((client) => client.end()));
});

test('what cures the locks does; slots for prepared transactions: fewer than a run takes, and none that is free', async () => {
  const other = await startOwnFleet({
    ...SMALL,
    max_locks_per_transaction: '30',
    max_prepared_transactions: '2',
  });
  try {
    await withTenants(other);
    const few = await commandsOn(other).doctor();
    expect(few).toMatchObject({ exitCode: 0 });
    for (const member of ['veneer', 'shard3'])
      expect(checksOf(few, member, 'locks')).toMatchObject([{ outcome: 'ok' }]);
    expect(checksOf(few, 'veneer', 'prepared transactions')).toMatchObject([
      {
        outcome: 'warning',
        found: expect.stringMatching(/^2 of 2 are free, and a run takes up to 3: /),
        cure: expect.stringMatching(/^ALTER SYSTEM SET max_prepared_transactions = 3, /),
      },
    ]);
    for (const gid of ['a', 'b'])
      await other.query('veneer', `BEGIN; SELECT txid_current(); PREPARE TRANSACTION '${gid}'`);
    const full = await commandsOn(other).doctor();
    expect(full).toMatchObject({ exitCode: 20 });
    expect(checksOf(full, 'veneer', 'prepared transactions')).toMatchObject([
      { outcome: 'failed', found: expect.stringMatching(/^0 of 2 are free/) },
    ]);
  } finally {
    await other.close();
  }
});

test('a standby is told as a run tells it', async () => {
  const signal = join(fleet.servers.find(({ name }) => name === 'shard1')!.dataDir, 'standby.signal');
  await fleet.stop('shard1');
  await writeFile(signal, '');
  await fleet.start('shard1');
  const report = await run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  expect(checksOf(report, 'shard1', 'connection')).toMatchObject([
    {
      outcome: 'failed',
      found: 'shard1 is a read-only standby (pg_is_in_recovery)',
      cure: 'point its url at the primary',
    },
  ]);
  await fleet.stop('shard1');
  await rm(signal, { force: true });
  await fleet.start('shard1');
});

test('with a server that is down, even a veneer, all others are looked at', async () => {
  await fleet.stop('veneer');
  const report = await run.doctor();
  expect(report).toMatchObject({
    exitCode: 23,
    next: 'migrate doctor',
    problems: [{ where: { member: 'veneer' } }],
  });
  expect(checksOf(report, 'shard2', 'connection')).toMatchObject([{ outcome: 'ok' }]);
  expect(checksOf(report, 'shard2', 'connections')).toMatchObject([{ outcome: 'ok' }]);
  await fleet.start('veneer');
});
