import { afterAll, describe, expect, test } from '@jest/globals';
import { commandsOn } from './commands.js';
import type { CrashFleet } from './crash-fleet.js';
import { holdFleet } from './hold-fleet.js';
import { inPart, IS_FULL, type Part } from './crash-matrix.js';
import { pointText, recordPoints, type Point } from './crash-points.js';
import { crashServer, type Crash } from './crash-postmaster.js';
import { expectHealed, expectTruthful } from './crash-proof.js';
import { startOwnFleet, type OwnFleet } from './own-fleet.js';

/** A part of the matrix: servers that crash at each chosen point of a run, which lives on. */
export interface ServerPart extends Pick<Part, 'kind' | 'protocol'> {
  readonly choose: (point: Point) => boolean;
  readonly members: readonly string[];
  readonly crash: Crash;
}

/** Declares the tests of these parts, on servers of their own; to be awaited at the top of a test file. */
export async function serversKilled(parts: readonly ServerPart[]): Promise<void> {
  const holder = await holdFleet(() => startOwnFleet(), 'one shard after the other');
  let cases = 0;
  for (const part of parts) {
    const points = (await recordPoints(holder.fleet(), part)).filter(
      (point) => IS_FULL || part.choose(point),
    );
    const all = inPart(points.flatMap((point) => part.members.map((member) => ({ point, member }))));
    cases += all.length;
    describe(`${part.kind}, ${part.protocol}`, () => {
      const named = all.map(
        (one) => [`${part.crash} of ${one.member} ${pointText(one.point)}`, one] as const,
      );
      test.each(named)('%s', (_, { point, member }) =>
        holder.use((crash) => crashAndHeal(crash, part, point, member)),
      );
    });
  }
  afterAll(async () => {
    console.log(`crashed servers: ${cases} cases`);
    await holder.close();
  });
}

/** The run goes on without the server that crashed, and with the one that comes back. */
async function crashAndHeal(
  crash: CrashFleet<OwnFleet>,
  { kind, protocol, crash: how }: ServerPart,
  point: Point,
  member: string,
): Promise<void> {
  await crash.add(kind);
  let left = point.occurrence;
  const crashes: Promise<void>[] = [];
  const at = async (name: string): Promise<void> => {
    if (name !== point.name || --left !== 0) return;
    crashes.push(crashServer(crash.fleet, member, how));
    await crashes[0];
  };
  const report = await commandsOn(crash.fleet, { at }).up({ protocol });
  // A run takes what its own point throws for an error of the step: here it is one of the test.
  expect(await Promise.all(crashes)).toHaveLength(1);
  // It came back within seconds: the run has won its lock back, settled, and gone on.
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  await expectTruthful(crash.fleet, report);
  const healing = await crash.commands.up({ protocol });
  expect(healing).toMatchObject({ exitCode: 0, problems: [] });
  await expectHealed(crash);
}
