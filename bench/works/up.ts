import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpReport } from '../../src/report/reports.js';
import { withBenchFleet, type BenchFleet } from '../fleet.js';
import { MIGRATIONS } from '../migrations.js';
import { inPairs, ratioOf, type Figures } from '../pairs.js';
import { recipeOf } from '../recipe.js';
import { serversCpuMs } from '../servers-cpu.js';
import { timed, type Timed } from '../timed.js';
import type { Measured, Work } from './work.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const REPLAY = fileURLToPath(new URL('../ways/replay.js', import.meta.url));
const LOOP = fileURLToPath(new URL('../ways/loop.js', import.meta.url));

/** Ten migrations over a fleet, against the same SQL from bare connections. */
export const upAgainstReplay: Work = {
  name: 'up',
  measure: async ({ pairs: count, tenants, say }) => {
    const rows: Measured[] = [];
    for (const size of tenants) {
      let last: UpReport | null = null;
      const ours = async (): Promise<Figures> => {
        const { report, ...figures } = await withBenchFleet(size, runUp);
        last = report;
        return said(say, `up, ${size} tenants`, figures);
      };
      const theirs = async (): Promise<Figures> =>
        said(say, `replay, ${size} tenants`, await withBenchFleet(size, (fleet) => replay(fleet, last)));
      const pairs = await inPairs(count, ours, theirs);
      const row = { work: 'up, ten migrations', tenants: size, pairs };
      rows.push({ ...row, against: 'the same SQL from bare connections', figure: 'ms', ratio: ratioOf(pairs), aim: '≤ 1.10 from 120 tenants' }); // prettier-ignore
      const cpu = pairs.map(({ ours: { cpuMs, serversCpuMs: servers } }) => (cpuMs ?? NaN) / (servers ?? NaN));
      rows.push({ ...row, against: "the servers' CPU", figure: 'cpuMs', ratio: middle(cpu), aim: '≤ 0.10' });
    }
    return rows;
  },
};

/** The same against node-pg-migrate's API, a lane per shard, and re-import. */
export const upAgainstLoop: Work = {
  name: 'loop',
  measure: async ({ pairs: count, tenants, say }) => {
    const rows: Measured[] = [];
    for (const size of tenants) {
      const pairs = await inPairs(
        count,
        async () => said(say, `up, ${size} tenants`, figuresOf(await withBenchFleet(size, runUp))),
        async () => said(say, `loop, ${size} tenants`, await withBenchFleet(size, loop)),
      );
      rows.push({ work: 'up, ten migrations', against: 'node-pg-migrate API, 3 lanes, re-import', tenants: size, figure: 'ms', ratio: ratioOf(pairs), aim: '≤ 0.33 from 120 tenants', pairs }); // prettier-ignore
    }
    return rows;
  },
};

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN; // prettier-ignore

function said(say: (text: string) => void, what: string, figures: Figures): Figures {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value ?? 0)}`);
  say(`  ${what}: ${numbers.join(', ')}`);
  return figures;
}

const figuresOf = ({ report: _, ...figures }: { readonly report: UpReport } & Figures2): Figures => figures;
interface Figures2 { readonly ms: number; readonly cpuMs: number | null; readonly maxRssKb: number | null; readonly serversCpuMs: number | null }

async function runUp(fleet: BenchFleet): Promise<{ readonly report: UpReport } & Figures2> {
  for (const [file, sql] of Object.entries(MIGRATIONS)) await fleet.writeMigration(file, sql);
  const { stdout, ...figures } = await withServersCpu(() => timed([CLI, 'up', '--json'], { cwd: fleet.dir }));
  return { report: JSON.parse(stdout), ...figures };
}

async function replay(fleet: BenchFleet, report: UpReport | null): Promise<Figures> {
  const known = report ?? (await withBenchFleet(fleet.tenants.length, runUp)).report;
  return withFile(recipeOf(known, MIGRATIONS, fleet), async (file) => {
    const { stdout: _, ...figures } = await withServersCpu(() => timed([REPLAY, file]));
    return figures;
  });
}

async function loop(fleet: BenchFleet): Promise<Figures> {
  for (const [file, sql] of Object.entries(MIGRATIONS)) await fleet.writeMigration(file, sql);
  const shards = [...new Set(fleet.tenants.map(({ shard }) => shard))].map((shard) => ({
    url: fleet.urlOf(shard),
    server: `${shard}_server`,
    tenants: fleet.tenants.filter((tenant) => tenant.shard === shard).map(({ name }) => name),
  }));
  const facts = { veneer: fleet.urlOf('veneer'), dir: join(fleet.dir, 'migrations'), shards };
  return withFile(facts, async (file) => {
    const { stdout: _, ...figures } = await withServersCpu(() => timed([LOOP, file]));
    return figures;
  });
}

async function withServersCpu(work: () => Promise<Timed>): Promise<Timed & { readonly serversCpuMs: number | null }> {
  const before = serversCpuMs();
  const result = await work();
  const after = serversCpuMs();
  return { ...result, serversCpuMs: before === null || after === null ? null : after - before };
}

async function withFile<T>(content: unknown, work: (file: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-bench-'));
  try {
    const file = join(dir, 'input.json');
    await writeFile(file, JSON.stringify(content), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
