import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { loseSessions } from '../support/lose-sessions.js';
import { twoVeneersWithBooks, type TwoVeneers } from './two-veneers.js';

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  ({ fleet, run } = await twoVeneersWithBooks());
  await fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN title text');
});

afterEach(() => fleet.close());

/** Whoever alters a foreign table of blue has used a temporary table, which PREPARE TRANSACTION refuses. */
const UNPREPARABLE = `
  CREATE FUNCTION public.notes() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN CREATE TEMP TABLE IF NOT EXISTS notes (); END $$;
  CREATE EVENT TRIGGER notes ON ddl_command_end WHEN TAG IN ('ALTER FOREIGN TABLE') EXECUTE FUNCTION public.notes()`;

test('two veneers are repaired in one commit; one that cannot prepare it is followed in lock-step, as in any step', async () => {
  await fleet.query('veneer', UNPREPARABLE, 'superuser');
  expect(await run.sync()).toMatchObject({
    exitCode: 0,
    problems: [],
    veneers: [{ state: 'repaired' }, { state: 'repaired' }],
  });
  expect(veneerDrift(await run.status())).toEqual([]);
});

test('asked for two-phase it says who cannot prepare, and repairs neither', async () => {
  await fleet.query('veneer', UNPREPARABLE, 'superuser');
  const report = await run.sync({ protocol: 'two-phase' });
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'blue' } }] });
  expect(report.veneers).toMatchObject([{ statements: [] }, { statements: [] }]);
  expect(veneerDrift(await run.status())).toHaveLength(2);
});

test("a shard whose connection is lost while another is repaired is in nobody's way", async () => {
  await fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD COLUMN title text');
  let left = 1;
  const at = async (point: string): Promise<void> => {
    if (point === 'before begin:blue' && left-- > 0) await loseSessions(fleet, ['shard3'], 'lock');
  };
  const report = await commandsOn(fleet, { at }).sync();
  expect(left).toBeLessThan(1);
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(veneerDrift(await run.status())).toEqual([]);
});
