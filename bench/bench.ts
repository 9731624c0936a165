import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { startTestServers } from '../test/support/test-servers.js';
import { upInBatches } from './works/batches.js';
import { upOverDatabases } from './works/databases.js';
import { upWithNothingToDo } from './works/idle.js';
import { startFromAfar, upFromAfar, upOverShards } from './works/network.js';
import { soak } from './works/soak.js';
import { start } from './works/start.js';
import { statusAgainstCatalog, verifyAgainstImport } from './works/status.js';
import { tenantAdd } from './works/tenant-add.js';
import { upAgainstApi, upAgainstCli, upAgainstReplay } from './works/up.js';
import type { Row } from './measured.js';

/**
 * `npm run bench [-- WORK…]`: how long things take against what they could take, as ratios of runs in pairs on the same
 * servers. BENCH_PAIRS (5) and BENCH_TENANTS (12,120,600) choose; the raw numbers go to bench/results, which git
 * ignores, and from there, by `npm run bench:report`, to bench/measured.json.
 */
const WORKS = [
  upAgainstReplay,
  upAgainstApi,
  upAgainstCli,
  upOverDatabases,
  upInBatches,
  upFromAfar,
  upOverShards,
  startFromAfar,
  upWithNothingToDo,
  statusAgainstCatalog,
  verifyAgainstImport,
  tenantAdd,
  start,
  soak,
];
const RESULTS = new URL('results/', import.meta.url);

const pairs = Number(process.env.BENCH_PAIRS ?? 5);
const tenants = (process.env.BENCH_TENANTS ?? '12,120,600').split(',').map(Number);
const wanted = process.argv.slice(2);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const machine = [
  `Node ${process.version}`,
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  `${Math.round(totalmem() / 2 ** 30)} GiB`,
].join(' · ');
const on = new Date().toISOString().slice(0, 10);

const known = WORKS.map(({ name }) => name);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no work ${unknown.join(', ')}: there are ${known.join(', ')}`);

const rows: Row[] = [];

/** After each work, since all of them take hours. */
async function keep(file: URL): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, JSON.stringify(rows));
}

const stop = await startTestServers();
try {
  const file = new URL(`${new Date().toISOString().replaceAll(':', '-')}.json`, RESULTS);
  for (const work of WORKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const measured = await work.measure({ pairs, tenants, say });
    rows.push(...measured.map((row) => ({ ...row, machine, on })));
    await keep(file);
  }
} finally {
  await stop();
}
say(`\n${machine} · ${pairs} pairs\n`);
for (const { work, against, tenants: count, ratio, aim } of rows)
  say(`${work}, ${count} tenants, against ${against}: ${ratio.toFixed(2)} (aim ${aim})`);
