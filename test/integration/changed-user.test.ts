import { expect, test } from '@jest/globals';
import { urlWith } from '../../src/sandbox/databases.js';
import { leaveAttempt, preparedIn, type Leftover, type Part } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const OWNERS = { shard1: 'bookstore_admin', veneer: 'veneer_admin' } as const;
type Changed = keyof typeof OWNERS;

const PARTS: readonly Part[] = [
  { member: 'shard1', state: 'prepared' },
  { member: 'shard2', state: 'prepared' },
  { member: 'veneer', state: 'prepared' },
];

/** Leaves a step behind that makes a table on each of its members. */
async function leave(parts: readonly Part[], more: Partial<Leftover> = {}): Promise<void> {
  for (const { member } of parts)
    await s.fleet.query(member, 'GRANT ALL ON SCHEMA public TO PUBLIC', 'superuser');
  await leaveAttempt(s.fleet, { parts, intent: true, sql: () => 'CREATE TABLE public.made ()', ...more });
}

const committed = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const { member } of PARTS) {
    const [row] = await s.fleet.query(member, `SELECT to_regclass('public.made') AS made`);
    if (row?.['made'] !== null) found.push(member);
  }
  return found;
};

/** shards.yaml with another url for one member. */
const configWith = (member: string, url: string): string =>
  bookstoreYaml(s.fleet.name).replace(`\${${member.toUpperCase()}_URL}`, url);

/** Lets the fleet connect to a member as another role, which may do what `group` may where that is given; answers its name. */
async function connectAs(member: string, group: string | null): Promise<string> {
  const role = `other_${s.fleet.name}`;
  const rights = group === null ? '' : `IN ROLE ${group}`;
  await s.fleet.query(member, `CREATE ROLE ${role} LOGIN PASSWORD 'other' ${rights}`, 'superuser');
  const url = urlWith(s.fleet.urlOf(member), { user: role, password: 'other' });
  await s.fleet.writeConfig(configWith(member, url));
  return role;
}

const forget = (member: string, role: string): Promise<unknown> =>
  s.fleet.query(member, `DROP ROLE ${role}`, 'superuser');

test.each(['shard1', 'veneer'] as const)(
  'what another user prepared on %s is settled nowhere, and recover, its dry run and up say who has to be put back',
  async (member: Changed) => {
    await s.run.setup();
    await leave(PARTS);
    const prepared = await preparedIn(s.fleet);
    const role = await connectAs(member, OWNERS[member]);
    const owner = OWNERS[member];
    const detail = `to be committed, but ${member} was prepared by ${owner}, and we are ${role} there; so nothing is settled anywhere`;
    const hint = `be ${owner} on ${member} again, by url or role in shards.yaml, or a superuser there; then migrate recover`;
    const inDoubt = { exitCode: 22, settled: [{ ending: 'in doubt', detail, hint }] };
    expect(await s.run.recover({ dryRun: true })).toMatchObject(inDoubt);
    expect(await s.run.recover()).toMatchObject({ ...inDoubt, next: 'migrate recover' });
    await s.write('CREATE TABLE books (id int)');
    expect(await s.run.up()).toMatchObject({ ...inDoubt, problems: [{ exitCode: 22, hint }] });
    expect(await s.run.sync()).toMatchObject(inDoubt);
    const hooli = { action: 'add', names: ['hooli'], shard: 'shard1', dryRun: false } as const;
    expect(await s.run.tenant(hooli)).toMatchObject({ exitCode: 22, problems: [{ hint }] });
    expect(await preparedIn(s.fleet)).toEqual(prepared);
    expect(await committed()).toEqual([]);
    await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
    await forget(member, role);
    expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
    expect(await preparedIn(s.fleet)).toEqual([]);
    expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  },
);

test('where a shard has committed, another waits with the veneer that another user prepared', async () => {
  await s.run.setup();
  await leave(PARTS.map((part) => (part.member === 'shard1' ? { ...part, state: 'committed' } : part)));
  const role = await connectAs('veneer', 'veneer_admin');
  for (const dryRun of [true, false]) {
    expect(await s.run.recover({ dryRun })).toMatchObject({
      exitCode: 22,
      settled: [
        {
          ending: 'in doubt',
          detail: expect.stringMatching(/^to be committed, but veneer was prepared by /),
        },
      ],
    });
  }
  expect(await committed()).toEqual(['shard1']);
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  await forget('veneer', role);
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  expect(await committed()).toEqual(['shard1', 'shard2', 'veneer']);
});

test('nor is anything rolled back while another user prepared a part of it', async () => {
  await s.run.setup();
  await leave(PARTS.map((part) => (part.member === 'shard2' ? { ...part, state: 'absent' } : part)));
  const role = await connectAs('shard1', 'bookstore_admin');
  for (const dryRun of [true, false]) {
    expect(await s.run.recover({ dryRun })).toMatchObject({
      exitCode: 22,
      settled: [
        {
          ending: 'in doubt',
          detail: expect.stringMatching(/^to be rolled back, but shard1 was prepared by /),
        },
      ],
    });
  }
  expect(await preparedIn(s.fleet)).toHaveLength(2);
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  await forget('shard1', role);
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
});

test('a superuser settles what another prepared, and so does another login with the role that prepared', async () => {
  await s.run.setup();
  await leave(PARTS);
  await s.fleet.writeConfig(configWith('shard1', s.fleet.urlOf('shard1', 'superuser')));
  expect(await s.run.recover({ dryRun: true })).toMatchObject({ settled: [{ ending: 'committed' }] });
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await leave(PARTS, { sql: () => 'CREATE TABLE public.again ()', id: { nonce: 'ca11ed' } });
  const role = await connectAs('veneer', 'veneer_admin');
  const url = urlWith(s.fleet.urlOf('veneer'), { user: role, password: 'other' });
  await s.fleet.writeConfig(configWith('veneer', `${url}\n    role: veneer_admin`));
  expect(await s.run.recover({ dryRun: true })).toMatchObject({ settled: [{ ending: 'committed' }] });
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await forget('veneer', role);
});

test.each(['shard1', 'veneer'] as const)(
  'nothing is settled anywhere where a user of %s may not even read what is prepared',
  async (member) => {
    await s.run.setup();
    await leave(PARTS);
    const role = await connectAs(member, null);
    const refused = { facts: { exitCode: 20, where: { member } } };
    await expect(s.run.recover({ dryRun: true })).rejects.toMatchObject(refused);
    await expect(s.run.recover()).rejects.toMatchObject(refused);
    await expect(s.run.up()).rejects.toMatchObject(refused);
    await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
    await forget(member, role);
    expect(await preparedIn(s.fleet)).toHaveLength(3);
  },
);
