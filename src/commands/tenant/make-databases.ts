import type { Config } from '../../config/config.js';
import { problemOf, textOf } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import type { Run } from '../../protocol/run/run.js';
import type { StepEnd } from '../../protocol/step/step.js';
import { makeOnShard } from '../../protocol/tenants/add-tenants.js';
import type { Sibling } from '../../protocol/tenants/sibling.js';
import { makeDatabase, markMade, takeBack } from '../../protocol/tenants/tenant-database.js';
import { plain } from '../../veneer/servers.js';
import { furnishDatabase } from './furnish-database.js';
import type { RecordedRun } from '../common/recorded-run.js';
import { tenantRows } from '../setup/setup-state.js';
import { schemasPlan, serversPlan } from '../setup/setup-veneer.js';
import type { AddTask, Decided } from './tenant-add-task.js';
import type { PlannedHome } from './tenant-homes.js';
import { siblingAt } from './tenant-like.js';
import { runTenantStep } from './tenant-step.js';

/** What is decided about tenants that are databases. */
export interface Making {
  /** A connection to the shard's server, outside of the tenants' databases. */
  readonly server: Session;
  readonly decided: Decided;
  readonly homes: readonly PlannedHome[];
  /** Whom the new tenants are made like; null: nobody, they run migrations. */
  readonly sibling: Sibling | null;
}

/**
 * Makes the databases, and then all that is in them and on the veneers in one step. Never throws: whatever stands in the way,
 * what was made before it has to be taken back.
 */
export async function makeAll(task: AddTask, run: RecordedRun, making: Making): Promise<StepEnd> {
  try {
    for (const home of making.homes) await makeHome(run, making.server, home);
  } catch (error) {
    return { kind: 'failed', problem: problemOf(error), failures: [], attempts: 0 };
  }
  return addStep(task, { ...run, config: asTenants(task) }, making);
}

async function makeHome(run: Run, server: Session, home: PlannedHome): Promise<void> {
  if (home.is === 'there') return;
  if (home.is === 'left by a run') return markMade(run, server, home);
  await makeDatabase(run, server, home);
  await run.admit(home.shard.name);
}

/** Drops what {@link makeAll} made, where nothing of it was committed; answers what stays, and why. */
export async function takeAllBack(
  run: Run,
  server: Session,
  homes: readonly PlannedHome[],
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const home of homes.filter(({ is }) => is !== 'there')) {
    const why = await takeBack(run, server, home).catch(
      (error: unknown) =>
        `database ${home.database} may be left on ${home.shard.key}: ${textOf(error)}; the same command takes it where it is empty`,
    );
    if (why !== null) left.push(why);
  }
  return left;
}

/** Why nothing is taken back. */
export const inDoubtText = (homes: readonly PlannedHome[]): string =>
  `${homes.map(({ database }) => database).join(', ')}: left as it is, since its step is in doubt; once that is settled the same command goes on`;

/** The fleet as it is with them, the new ones last: which member comes first, and keeps the journal, does not change. */
const asTenants = ({ config, homes }: AddTask): Config => ({
  ...config,
  unlisted: config.unlisted.filter(({ name }) => homes.every((home) => home.name !== name)),
  shards: [
    ...config.shards,
    ...homes.filter(({ name }) => config.shards.every((shard) => shard.name !== name)),
  ],
});

function addStep(
  { homes, like }: AddTask,
  run: RecordedRun,
  { decided, homes: planned, sibling }: Making,
): Promise<StepEnd> {
  const { config } = run;
  const narrow = {
    ...config,
    shards: config.shards.filter(({ name }) => homes.some((home) => home.name === name)),
  };
  const { missing: places, steps } = decided;
  return runTenantStep(run, { what: 'tenant add', places }, (step) => ({
    first: async () => undefined,
    onShard: (member, budget) => {
      const { shard } = member.part.lane;
      const home = planned.find((one) => one.shard.name === shard.name);
      const isNew = home?.is === 'to make';
      return makeOnShard(
        member,
        {
          step,
          tenants: member.part.planned.tenants,
          steps: steps.get(shard.name) ?? [],
          sibling: sibling === null || like === null ? null : siblingAt(sibling, like, shard),
          furnish: (session) => furnishDatabase(config, shard, session, isNew),
          onTenant: (done) => member.part.onPhase('running', done),
        },
        budget,
      );
    },
    before: async (veneer) => [
      ...(await serversPlan(narrow, veneer, new Set())).statements,
      ...(await schemasPlan(narrow, veneer)).map(plain),
    ],
    after: [async (veneer) => (await tenantRows(config, veneer)).map(plain)],
  }));
}
