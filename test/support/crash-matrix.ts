import { afterAll, describe, expect, test } from '@jest/globals';
import type { CrashFleet, Order } from './crash-fleet.js';
import { holdFleet } from './hold-fleet.js';
import { freshFleet } from './fresh-fleet.js';
import { RUNNERS_WITH_LOCK } from './sessions.js';
import { untilNone } from './until.js';
import type { Kind } from './crash-migrations.js';
import type { Protocol } from '../../src/protocol/run/journal.js';
import { isAfterIntent, pointText, recordPoints, type Point } from './crash-points.js';
import { expectHealed, expectNoDriftSeen } from './crash-proof.js';
import { startRun, type RunPlan } from './crash-run.js';

/** `npm run test:crash` goes through every point; the ordinary run through those that a part chooses. */
export const IS_FULL = process.env.PGVENEER_TEST_CRASH === 'full';

/** `CRASH_PART=2/8`: every eighth case from the second on, for whoever has no hours in one piece. */
const [PART, PARTS] = (process.env.CRASH_PART ?? '1/1').split('/').map(Number) as [number, number];

/** The cases of this run: all, or those of a part of the matrix. */
export const inPart = <T>(cases: readonly T[]): T[] =>
  IS_FULL ? cases.filter((_, index) => index % PARTS === PART - 1) : [...cases];

/** A part of the matrix: one kind of migration, killed at each chosen point of the run that applies it. */
export interface Part {
  readonly kind: Kind;
  readonly order: Order;
  readonly protocol: Protocol;
  /** Which points an ordinary run goes through; without it the part is left to `npm run test:crash`. */
  readonly choose?: (point: Point) => boolean;
}

/** What comes after the crash and has to heal the fleet: `up`, or `recover` before it. */
type Healer = 'up' | 'recover';

/** Declares the tests of these parts. To be awaited at the top of a test file: the points come from recorded runs. */
export async function runnerKilled(parts: readonly Part[]): Promise<void> {
  const counts = { points: 0, cases: 0 };
  for (const part of parts.filter(({ choose }) => IS_FULL || choose !== undefined)) {
    const holder = await holdFleet(freshFleet, part.order);
    const points = await recordPoints(holder.fleet(), part);
    const chosen = points.filter((point) => IS_FULL || part.choose?.(point) === true);
    const cases = inPart(
      chosen.flatMap((point) => healersAt(points, point).map((healer) => ({ point, healer }))),
    );
    counts.points += chosen.length;
    counts.cases += cases.length;
    describe(`${part.kind}, ${part.protocol}, ${part.order}`, () => {
      const named = cases.map((one) => [`killed ${pointText(one.point)}, then ${one.healer}`, one] as const);
      test.each(named)('%s', (_, { point, healer }) =>
        holder.use((crash) => killAndHeal(crash, part, point, healer)),
      );
      afterAll(() => holder.close());
    });
  }
  afterAll(() => console.log(`SIGKILL of the runner at ${counts.points} points, ${counts.cases} cases`));
}

/** Before the intent nothing can be left, and `recover` has nothing to do. */
const healersAt = (points: readonly Point[], point: Point): readonly Healer[] =>
  IS_FULL && isAfterIntent(points, point) ? ['up', 'recover'] : ['up'];

async function killAndHeal(
  crash: CrashFleet,
  { kind, protocol }: Part,
  point: Point,
  healer: Healer,
): Promise<void> {
  await crash.add(kind);
  await killedRun(crash, { command: 'up', protocol, dieAt: `${point.name}#${point.occurrence}` });
  if (protocol === 'two-phase') await expectNoDriftSeen(crash.fleet);
  if (healer === 'recover') {
    const report = await crash.commands.recover();
    expect(report).toMatchObject({ exitCode: 0, problems: [] });
    const status = await crash.commands.status();
    expect(status).toMatchObject({ inDoubt: [], drift: [] });
  }
  const report = await crash.commands.up({ protocol });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  await expectHealed(crash);
}

/** A run in a process of its own, which must die where the plan says. */
export async function killedRun({ fleet }: CrashFleet, plan: RunPlan): Promise<void> {
  expect(await startRun(fleet.dir, plan).result).toMatchObject({ signal: 'SIGKILL' });
  await untilNone(fleet, 'veneer', RUNNERS_WITH_LOCK);
}
