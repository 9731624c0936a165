import { expect, test } from '@jest/globals';
import type { DoctorReport } from '../../src/report/doctor.js';
import { commandsOn } from '../support/commands.js';
import { databaseFleet } from '../support/database-fleet.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { meshFleet } from '../support/mesh-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

/** By member its checks; those that are not ok with their outcome. */
const shapeOf = ({ members }: DoctorReport): Record<string, string[]> =>
  Object.fromEntries(
    members.map(({ member, checks }) => [
      member.split('/').at(-1),
      checks.map(({ check, outcome }) => (outcome === 'ok' ? check : `${check} ${outcome}`)),
    ]),
  );

const SERVER = ['connection', 'version', 'prepared transactions', 'connections', 'locks', 'clock'];

test('shards alone: nothing of a veneer is asked, and no prepared transactions are needed', async () => {
  const config = (name: string): string =>
    bookstoreYaml(name)
      .replace(/veneers:\n(?: .*\n)+/, '')
      .replace(/roles:\n(?: .*\n)+/, '');
  const fleet = await freshFleet({ config });
  try {
    const run = commandsOn(fleet);
    await run.setup();
    const report = await run.doctor();
    expect(report).toMatchObject({ exitCode: 0, next: null });
    const checks = [...SERVER, 'settings', 'setup', 'rights', 'owner', 'left prepared'];
    expect(shapeOf(report)).toEqual({ shard1: checks, shard2: checks, shard3: checks });
    const slots = report.members.flatMap((one) =>
      one.checks.filter(({ check }) => check === 'prepared transactions'),
    );
    expect(new Set(slots.map(({ found }) => found))).toEqual(
      new Set(['not needed: a shard commits by itself']),
    );
  } finally {
    await fleet.close();
  }
});

test('regions that show each other: a member in both roles has the checks of both', async () => {
  const fleet = await meshFleet();
  try {
    const before = await fleet.run.doctor();
    expect(before).toMatchObject({ exitCode: 0, next: 'migrate setup' });
    expect(await fleet.run.setup()).toMatchObject({ exitCode: 0 });
    const after = await fleet.run.doctor();
    expect(after).toMatchObject({ exitCode: 0, problems: [] });
    for (const checks of Object.values(shapeOf(after)))
      expect(checks).toEqual([
        ...SERVER,
        'settings',
        'postgres_fdw',
        'setup',
        'rights',
        'owner',
        'passwords',
        'left prepared',
        'user mappings not asked',
      ]);
  } finally {
    await fleet.close();
  }
});

test('a database for each tenant: the server is asked once, a database that is missing is told as SQL', async () => {
  const fleet = await databaseFleet({ shard1: ['acme', 'globex'] });
  try {
    const report = await fleet.run.doctor();
    expect(report).toMatchObject({ exitCode: 0, next: 'migrate setup' });
    expect(report.members[0]?.checks.filter(({ check }) => check === 'user mappings')).toMatchObject([
      { outcome: 'not asked', found: '4 of 4 were not tried: not made yet' },
    ]);
    expect(await fleet.run.status()).toMatchObject({ exitCode: 11, next: 'migrate setup' });
    const own = ['settings', 'setup warning', 'rights', 'owner', 'passwords', 'left prepared'];
    expect(shapeOf(report)).toMatchObject({
      acme: [...SERVER, ...own],
      globex: ['connection', ...own],
    });
    const yaml = await fleet.readConfig();
    await fleet.writeConfig(yaml.replace('[acme, globex]', '[acme, globex, initech]'));
    const missing = await fleet.run.doctor();
    expect(missing).toMatchObject({ exitCode: 23 });
    const { checks } = missing.members.find(({ member }) => member === 'shard1/initech')!;
    const name = fleet.nameOf('initech');
    expect(checks[0]).toMatchObject({
      outcome: 'failed',
      cure: `as a superuser there: CREATE DATABASE "${name}" OWNER "${name}_admin"`,
    });
  } finally {
    await fleet.close();
  }
});
