import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpReport } from '../../src/report/reports.js';
import type { BenchFleet } from '../fleet.js';
import { MIGRATIONS } from '../migrations.js';
import type { Figures } from '../pairs.js';
import { recipeOf } from '../recipe.js';
import { serversCpuMs } from '../servers-cpu.js';
import { timed, type Timed } from '../timed.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const REPLAY = fileURLToPath(new URL('replay.js', import.meta.url));
const LOOP = fileURLToPath(new URL('loop.js', import.meta.url));

/** `migrate up` as a process of its own; answers its report, too. */
export async function runUp(
  fleet: BenchFleet,
): Promise<{ readonly report: UpReport; readonly figures: Figures }> {
  await writeMigrations(fleet);
  const { stdout, figures } = await measured(() => timed([CLI, 'up', '--json'], { cwd: fleet.dir }));
  return { report: JSON.parse(stdout) as UpReport, figures };
}

/** What that run sent, from bare connections. */
export const replay = (fleet: BenchFleet, report: UpReport): Promise<Figures> =>
  withInput(
    recipeOf(report, MIGRATIONS, fleet),
    async (file) => (await measured(() => timed([REPLAY, file]))).figures,
  );

/** The same migrations by node-pg-migrate's API, a lane per shard, each tenant's tables imported again. */
export async function loop(fleet: BenchFleet): Promise<Figures> {
  await writeMigrations(fleet);
  const shards = [...new Set(fleet.tenants.map(({ shard }) => shard))].map((shard) => ({
    url: fleet.urlOf(shard),
    server: `${shard}_server`,
    tenants: fleet.tenants.filter((tenant) => tenant.shard === shard).map(({ name }) => name),
  }));
  const facts = { veneer: fleet.urlOf('veneer'), dir: join(fleet.dir, 'migrations'), shards };
  return withInput(facts, async (file) => (await measured(() => timed([LOOP, file]))).figures);
}

async function writeMigrations(fleet: BenchFleet): Promise<void> {
  for (const [file, sql] of Object.entries(MIGRATIONS)) await fleet.writeMigration(file, sql);
}

async function measured(
  work: () => Promise<Timed>,
): Promise<{ readonly stdout: string; readonly figures: Figures }> {
  const before = serversCpuMs();
  const { stdout, ...process } = await work();
  const after = serversCpuMs();
  const servers = before === null || after === null ? null : after - before;
  return { stdout, figures: { ...process, serversCpuMs: servers } };
}

/** Facts for a child process, in a file that nobody else may read: they hold urls with passwords. */
async function withInput<T>(content: unknown, work: (file: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-bench-'));
  try {
    const file = join(dir, 'input.json');
    await writeFile(file, JSON.stringify(content), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
