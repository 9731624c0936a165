import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fleetKeys, lockHolders, tryLock } from '../../src/postgres/fleet-keys.js';
import { tryToHold } from '../../src/postgres/run-lock.js';
import { openSession, type Session } from '../../src/postgres/session.js';
import { Secret } from '../../src/secret.js';
import { commandsOn } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { waitsOf } from '../support/waits-of.js';

let fleet: TestFleet;
let opened: readonly [Session, Session];

const open = (): Promise<Session> =>
  openSession({ member: 'shard1', url: new Secret(fleet.urlOf('shard1')), applicationName: 'test' });

beforeEach(async () => {
  fleet = await freshFleet();
  opened = await Promise.all([open(), open()]);
});

afterEach(async () => {
  await Promise.all(opened.map((session) => session.close()));
  await fleet.close();
});

/** Which locks of the fleet the first session has, as the second sees them. */
async function held(): Promise<Record<string, string[]>> {
  const [own, beside] = opened;
  const rows = await beside.query<{ key: string; mode: string }>(
    `SELECT ((classid::bigint << 32) | objid::bigint)::text AS key, mode FROM pg_locks
      WHERE locktype = 'advisory' AND pid = $1 ORDER BY mode`,
    [own.pid],
  );
  const { run, settling } = fleetKeys(fleet.name);
  const modes = (key: string): string[] => rows.filter((row) => row.key === key).map(({ mode }) => mode);
  return { run: modes(run), settling: modes(settling) };
}

test('nobody is there: the run lock is held, and the settling lock shared', async () => {
  expect(await tryToHold(opened[0], fleetKeys(fleet.name))).toBe('both');
  expect(await held()).toEqual({ run: ['ExclusiveLock'], settling: ['ShareLock'] });
});

test('a session of an older run may still settle: the run lock alone is taken, and nobody is ended', async () => {
  const [own, old] = opened;
  const keys = fleetKeys(fleet.name);
  await tryLock(old, keys.settling, 'shared');
  expect(await tryToHold(own, keys)).toBe('run lock');
  expect(await held()).toEqual({ run: ['ExclusiveLock'], settling: [] });
  expect(await lockHolders(own, keys.settling)).toMatchObject([{ pid: old.pid }]);
});

test('another run is there: nothing is taken', async () => {
  const [own, rival] = opened;
  const keys = fleetKeys(fleet.name);
  await tryLock(rival, keys.run, 'exclusive');
  expect(await tryToHold(own, keys)).toBe('nothing');
  expect(await held()).toEqual({ run: [], settling: [] });
});

test('a run that has waited for somebody connects anew to those whose locks come later', async () => {
  const run = commandsOn(fleet);
  expect(await run.setup()).toMatchObject({ exitCode: 0 });
  const connections = async (): Promise<number> => {
    const waits = await waitsOf(fleet, ['shard1'], async () => {
      expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
    });
    return waits.shard1?.length ?? 0;
  };
  expect(await connections()).toBe(1);
  const url = new Secret(fleet.urlOf('veneer'));
  const old = await openSession({ member: 'veneer', url, applicationName: 'an older run' });
  await tryLock(old, fleetKeys(fleet.name).settling, 'shared');
  expect(await connections()).toBe(2);
  expect(old.isLost()).toBe(true);
  await old.close();
});
