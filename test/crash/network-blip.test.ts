import { beforeAll, expect, test } from '@jest/globals';
import type * as watchdog from '../../src/cli/watchdog/watchdog.js';
import type { CommandContext } from '../../src/commands/common/context.js';
import { assertLikeImport } from '../support/like-import.js';
import { preparedIn } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { loseSessions } from '../support/lose-sessions.js';
import { untilNone, untilSome } from '../support/until.js';

/** As built (`npm run build`): the watchdog is a process of its own. */
const DIST = new URL('../../dist/cli/watchdog/watchdog.js', import.meta.url).href;
const { startWatchdog } = (await import(DIST)) as typeof watchdog;

/** Connections are cut while the runner lives; nobody types a command, and the fleet heals. */
const s = scenario({ shared: true });
let renames = 0;

beforeAll(() => s.start('CREATE TABLE books (id int, title_0 text)'));

const writeRename = (): Promise<string> =>
  s.write(`ALTER TABLE books RENAME COLUMN title_${renames} TO title_${++renames}`);

async function renameOn(
  members: readonly string[],
  point: string,
  protocol: 'two-phase' | 'lock-step',
  more: Partial<CommandContext> = {},
  ready: () => Promise<void> = async () => undefined,
): ReturnType<typeof s.run.up> {
  await writeRename();
  let left = 1;
  const at = async (reached: string): Promise<void> => {
    if (reached !== point || left-- <= 0) return;
    await ready();
    await loseSessions(s.fleet, members, 'all');
  };
  return s.runWith({ at, ...more }).up({ shards: ['shard1'], protocol });
}

async function expectWhole(): Promise<void> {
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ settled: [], problems: [], exitCode: 0 });
  await assertLikeImport(s.fleet);
}

const TWO_PHASE = [
  'after statements:shard1',
  'after intent',
  'after prepare:shard1',
  'after commit prepared:shard1',
  'before close',
];
const LOCK_STEP = ['before commit:shard1', 'after commit:shard1'];
const CASES = ['shard1', 'veneer'].flatMap((member) => [
  ...TWO_PHASE.map((point) => ({ member, point, protocol: 'two-phase' as const })),
  ...LOCK_STEP.map((point) => ({ member, point, protocol: 'lock-step' as const })),
]);

test.each(CASES)(
  '$protocol: all connections to $member cut $point, and the run wins its lock back and commits',
  async ({ member, point, protocol }) => {
    const report = await renameOn([member], point, protocol);
    expect(report).toMatchObject({ problems: [], exitCode: 0 });
    await expectWhole();
  },
);

test.each([
  { members: ['shard1'], when: 'before', state: 'committed', exitCode: 0 },
  { members: ['veneer', 'shard1', 'shard2', 'shard3'], when: 'before', state: 'failed', exitCode: 23 },
  { members: ['veneer', 'shard1', 'shard2', 'shard3'], when: 'after', state: 'committed', exitCode: 0 },
])(
  'one server: connections to $members cut $when its COMMIT, and the step is $state, never in doubt',
  async ({ members, when, state, exitCode }) => {
    await s.write(`CREATE INDEX ON books (id); -- ${members.length} ${when}`);
    let left = 1;
    const at = async (point: string): Promise<void> => {
      if (point !== `${when} commit:shard1` || left-- < 1) return;
      await loseSessions(s.fleet, members, 'all');
      // The answer to a COMMIT that was done got lost, too.
      if (when === 'after') throw new Error('no answer');
    };
    const report = await s.runWith({ at }).up({ shards: ['shard1'] });
    expect(report).toMatchObject({ exitCode, shards: [{ steps: [{ state }] }] });
    expect(report.problems.map((problem) => problem.exitCode)).toEqual(exitCode === 0 ? [] : [exitCode]);
    if (state === 'failed') expect(await s.run.up()).toMatchObject({ settled: [], exitCode: 0 });
    await expectWhole();
  },
);

const EVERYWHERE = ['veneer', 'shard1', 'shard2', 'shard3'];

const withWatchdog = {
  startWatchdog: () => startWatchdog({ cwd: s.fleet.dir, file: undefined, envFiles: [], without: [] }),
};

/** The run could not settle, and its watchdog, another process, does. */
async function settledByWatchdog(report: Awaited<ReturnType<typeof s.run.up>>): Promise<void> {
  expect(report).toMatchObject({ exitCode: 22 });
  expect(report.problems[0]?.hint).toMatch(/^the watchdog of this run goes on settling/);
  await untilNone(s.fleet, 'veneer', 'SELECT FROM pgveneer.intent');
}

const HAS_VOTED = `SELECT FROM pg_prepared_xacts WHERE database = current_database()`;

test.each([
  { point: 'after prepare:shard1', protocol: 'two-phase' as const },
  { point: 'before commit prepared:veneer', protocol: 'two-phase' as const },
  { point: 'after commit:shard1', protocol: 'lock-step' as const },
])('$protocol: every connection cut $point: the run ends in doubt, and its watchdog commits', async (cut) => {
  // Both vote at the same time: cut before the veneer has, it is rolled back, see below.
  const ready = (): Promise<void> =>
    cut.point.includes('prepare:') ? untilSome(s.fleet, 'veneer', HAS_VOTED) : Promise.resolve();
  const report = await renameOn(EVERYWHERE, cut.point, cut.protocol, withWatchdog, ready);
  await settledByWatchdog(report);
  await expectWhole();
});

test('two-phase: every connection cut before the veneer has voted: its watchdog rolls the step back, and the next run applies it', async () => {
  let cut: () => void = () => undefined;
  const isCut = new Promise<void>((resolve) => (cut = resolve));
  const hold = async (reached: string): Promise<void> => {
    if (reached === 'before prepare:veneer') await isCut;
    if (reached !== 'after prepare:shard1') return;
    await loseSessions(s.fleet, EVERYWHERE, 'all');
    cut();
  };
  await writeRename();
  await settledByWatchdog(
    await s.runWith({ at: hold, ...withWatchdog }).up({ shards: ['shard1'], protocol: 'two-phase' }),
  );
  expect(await preparedIn(s.fleet)).toEqual([]);
  expect(await s.run.status({ shards: ['shard1'] })).toMatchObject({ drift: [], inDoubt: [], exitCode: 10 });
  expect(await s.run.up()).toMatchObject({ settled: [], problems: [], exitCode: 0 });
  await expectWhole();
});
