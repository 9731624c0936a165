import { expect, test } from '@jest/globals';
import { leaveAttempt, preparedIn, type Leftover, type Part } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { veneerDrift } from '../support/veneer-drift.js';

const s = scenario();

const part = (text: string): Part => {
  const [member = '', state] = text.split(' ');
  return { member, state: state as Part['state'] };
};

/** Which members have what the attempt made. */
async function committedOn(...members: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    members.map(
      async (member) =>
        [member, await s.fleet.query(member, `SELECT to_regclass('public.made') AS made`)] as const,
    ),
  );
  return found.flatMap(([member, [row]]) => (row?.['made'] === null ? [] : [member]));
}

/** Sets the fleet up and leaves an attempt behind that makes a table on each of its participants. */
async function leave(
  parts: readonly string[],
  more: Partial<Leftover> & Pick<Leftover, 'intent'>,
): Promise<string[]> {
  await s.run.setup();
  for (const { name } of s.fleet.servers)
    await s.fleet.query(name, 'GRANT ALL ON SCHEMA public TO PUBLIC', 'superuser');
  return leaveAttempt(s.fleet, { parts: parts.map(part), sql: () => 'CREATE TABLE public.made ()', ...more });
}

const PENDING = `SELECT (SELECT count(*)::int FROM pgveneer.intent) AS intents, (SELECT count(*)::int FROM pgveneer.step) AS steps`;

interface Case {
  readonly parts: readonly string[];
  readonly intent: boolean;
  readonly ending: 'committed' | 'rolled back' | 'in doubt';
  readonly committed: readonly string[];
  readonly why?: string;
}

const all = (state: string): string[] => [`shard1 ${state}`, `shard2 ${state}`, `veneer ${state}`];

const cases: readonly Case[] = [
  { parts: all('prepared'), intent: true, ending: 'committed', committed: ['shard1', 'shard2', 'veneer'] },
  { parts: all('prepared'), intent: false, ending: 'committed', committed: ['shard1', 'shard2', 'veneer'] },
  { parts: ['shard1 prepared', 'veneer absent'], intent: true, ending: 'rolled back', committed: [] },
  { parts: ['shard1 absent', 'veneer prepared'], intent: true, ending: 'rolled back', committed: [] },
  { parts: all('absent'), intent: true, ending: 'rolled back', committed: [] },
  {
    parts: ['shard1 prepared', 'shard2 prepared', 'veneer absent'],
    intent: false,
    ending: 'in doubt',
    committed: [],
    why: '2 of 3 participants are known, and no intent names the others',
  },
  {
    parts: ['shard1 committed', 'veneer prepared'],
    intent: true,
    ending: 'committed',
    committed: ['shard1', 'veneer'],
  },
  {
    parts: ['shard1 committed', 'shard2 prepared', 'veneer prepared'],
    intent: false,
    ending: 'committed',
    committed: ['shard1', 'shard2', 'veneer'],
  },
];

test.each(cases)(
  '$parts, intent $intent: $ending',
  async ({ parts, intent, ending, committed, why = null }) => {
    const gids = await leave(parts, { intent });
    const members = parts.map((one) => part(one).member);
    const report = await s.run.recover();
    expect(report.settled).toMatchObject([{ ending, step: 'm1-ab.1', detail: why }]);
    expect(await committedOn(...members)).toEqual(committed);
    if (ending === 'in doubt') {
      expect(report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
      expect(await preparedIn(s.fleet)).toEqual([`shard1 ${gids[0]}`, `shard2 ${gids[1]}`]);
      return;
    }
    expect(report).toMatchObject({ exitCode: 0, next: null });
    expect(await preparedIn(s.fleet)).toEqual([]);
    expect(await s.fleet.query('veneer', PENDING)).toEqual([{ intents: 0, steps: 0 }]);
    expect(await s.run.recover()).toMatchObject({ settled: [], exitCode: 0 });
  },
);

test('prepared transactions of another fleet, and of others, are not touched', async () => {
  await leave(['shard1 prepared', 'veneer prepared'], { intent: false, id: { fleet: `${s.fleet.name}x` } });
  const client = await s.fleet.connect('shard1');
  await client.query(`BEGIN; CREATE TABLE theirs (); PREPARE TRANSACTION 'pgv:${s.fleet.name}:not ours'`);
  const before = await preparedIn(s.fleet);
  expect(before).toHaveLength(3);
  expect(await s.run.recover()).toMatchObject({ settled: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ inDoubt: [] });
  expect(await preparedIn(s.fleet)).toEqual(before);
});

test('a shard that was taken out of shards.yaml leaves its attempt as it is, and says which is missing', async () => {
  await leave(['shard3 prepared', 'veneer prepared'], { intent: true });
  const config = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(config.replace(/\n {2}shard3:[^]*?\n\n/, '\n\n'));
  const report = await s.run.recover();
  expect(report).toMatchObject({ exitCode: 22, settled: [{ ending: 'in doubt' }] });
  expect(report.settled[0]?.detail).toBe(
    'shard3 (shard3 is not in shards.yaml) cannot be read, and may have committed',
  );
  expect(await preparedIn(s.fleet)).toHaveLength(2);
  await s.fleet.writeConfig(config);
  expect(await s.run.recover()).toMatchObject({ settled: [{ ending: 'committed' }] });
});

test('the dry run, too, says who is away where the others are to be committed', async () => {
  await leave(['shard1 committed', 'shard2 prepared', 'veneer prepared'], { intent: true });
  const config = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(config.replace('${SHARD2_URL}', 'postgres://a:b@localhost:1/x'));
  const settled = [{ ending: 'in doubt', detail: 'committed, but shard2 cannot be reached' }];
  for (const dryRun of [true, false])
    expect(await s.run.recover({ dryRun })).toMatchObject({ exitCode: 23, settled });
  await s.fleet.writeConfig(config);
  expect(await s.run.recover()).toMatchObject({ settled: [{ ending: 'committed' }] });
});

test('another server or database behind the same url decides nothing', async () => {
  const recorded: Leftover['recorded'] = (participant) =>
    participant.member === 'veneer' ? participant : { ...participant, systemIdentifier: '7' };
  await leave(['shard1 prepared', 'veneer absent'], { intent: true, recorded });
  const report = await s.run.recover();
  expect(report.settled[0]).toMatchObject({
    ending: 'in doubt',
    detail: expect.stringContaining('another server or database answers'),
  });
  expect(await preparedIn(s.fleet)).toHaveLength(1);
});

test('a member that answers and lost its part is named, and a veneer among them is repaired by sync', async () => {
  await s.start('CREATE TABLE books (id int)');
  await leaveAttempt(s.fleet, {
    parts: ['shard1 committed', 'veneer absent'].map(part),
    intent: true,
    sql: () => 'ALTER TABLE bluth_co.books ADD COLUMN isbn text',
  });
  const report = await s.run.recover();
  expect(report).toMatchObject({ exitCode: 22, settled: [{ ending: 'committed' }] });
  expect(report.settled[0]?.detail).toContain('veneer lost it');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0, settled: [], veneers: [{ state: 'repaired' }] });
  expect(veneerDrift(await s.run.status())).toEqual([]);
});

test.each(['up', 'sync', 'setup'] as const)('%s settles first, and says what', async (command) => {
  await leave(['shard1 prepared', 'veneer prepared'], { intent: true });
  expect(await s.run[command]()).toMatchObject({ exitCode: 0 });
  expect(await committedOn('shard1', 'veneer')).toEqual(['shard1', 'veneer']);
  if (command !== 'sync') {
    expect(s.run.events).toContainEqual({
      type: 'settled',
      text: expect.stringContaining('0001_left (m1-ab.1) on shard1, veneer: committed'),
    });
  }
});

test('up begins nothing on a shard whose last step is in doubt, and goes on with the others', async () => {
  await leave(['shard1 prepared', 'veneer absent'], { intent: false });
  await s.write('CREATE TABLE books (id int)');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(report.shards.map(({ state, steps }) => [state, steps])).toEqual([
    ['not started', []],
    ['not started', []],
    ['not started', []],
  ]);
  expect(await s.run.up({ shards: ['shard3'] })).toMatchObject({ shards: [{ state: 'done' }] });
});
