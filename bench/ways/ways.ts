import { join } from 'node:path';
import type { UpReport } from '../../src/report/up.js';
import type { BenchFleet } from '../fleets/tenants.js';
import { MIGRATIONS } from '../migrations.js';
import type { Figures } from '../measure/pairs.js';
import { migrate, way } from '../measure/process.js';
import { recipeOf } from '../recipe.js';

/** `migrate up` as a process of its own; answers its report, too. */
export async function runUp(
  fleet: BenchFleet,
): Promise<{ readonly report: UpReport; readonly figures: Figures }> {
  await writeMigrations(fleet, MIGRATIONS);
  const { stdout, figures } = await migrate(fleet.dir, ['up', '--json']);
  return { report: JSON.parse(stdout) as UpReport, figures };
}

/** What that run sent, from bare connections. */
export const replay = async (fleet: BenchFleet, report: UpReport): Promise<Figures> =>
  (await way('replay.js', recipeOf(report, MIGRATIONS, fleet))).figures;

/** What that run did on the shards, with nothing on the veneer. */
export async function shardsAlone(fleet: BenchFleet, report: UpReport): Promise<Figures> {
  const recipe = recipeOf(report, MIGRATIONS, fleet);
  const lanes = recipe.lanes.map(({ url, steps }) => ({
    url,
    steps: steps.map((step) => ({ ...step, onVeneer: '' })),
  }));
  return (await way('replay.js', { ...recipe, lanes })).figures;
}

/** The same migrations by node-pg-migrate's API or its command line, a lane per shard, each tenant's tables imported again. */
export async function loop(fleet: BenchFleet, by: 'api' | 'cli'): Promise<Figures> {
  await writeMigrations(fleet, MIGRATIONS);
  const facts = {
    by,
    veneer: fleet.urlOf('veneer'),
    dir: join(fleet.dir, 'migrations'),
    shards: lanesOf(fleet),
  };
  return (await way('loop.js', facts)).figures;
}

/** What a way needs to know of each shard. */
export const lanesOf = (fleet: BenchFleet) =>
  [...new Set(fleet.tenants.map(({ shard }) => shard))].map((shard) => ({
    url: fleet.urlOf(shard),
    server: `${shard}_server`,
    tenants: fleet.tenants.filter((tenant) => tenant.shard === shard).map(({ name }) => name),
  }));

export async function writeMigrations(
  fleet: Pick<BenchFleet, 'writeMigration'>,
  migrations: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [file, sql] of Object.entries(migrations)) await fleet.writeMigration(file, sql);
}
