import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { startTestServers } from '../test/support/test-servers.js';
import { upWithNothingToDo } from './works/idle.js';
import { upFromAfar } from './works/network.js';
import { start } from './works/start.js';
import { statusAgainstCatalog, verifyAgainstImport } from './works/status.js';
import { tenantAdd } from './works/tenant-add.js';
import { upAgainstApi, upAgainstCli, upAgainstReplay } from './works/up.js';
import type { Measured } from './works/work.js';

/**
 * `npm run bench [-- WORK…]`: how long things take against what they could take, as ratios of runs in pairs on the same
 * servers. BENCH_PAIRS (5) and BENCH_TENANTS (12,120,600) choose; the raw numbers go to bench/results, which git ignores.
 */
const WORKS = [
  upAgainstReplay,
  upAgainstApi,
  upAgainstCli,
  upFromAfar,
  upWithNothingToDo,
  statusAgainstCatalog,
  verifyAgainstImport,
  tenantAdd,
  start,
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
  `${pairs} pairs`,
].join(' · ');

async function measureAll(): Promise<Measured[]> {
  const rows: Measured[] = [];
  const stop = await startTestServers();
  try {
    for (const work of WORKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name)))
      rows.push(...(await work.measure({ pairs, tenants, say })));
  } finally {
    await stop();
  }
  return rows;
}

const rows = await measureAll();
await mkdir(RESULTS, { recursive: true });
await writeFile(
  new URL(`${new Date().toISOString().replaceAll(':', '-')}.json`, RESULTS),
  JSON.stringify({ machine, rows }, null, 2),
);
say(`\n${machine}\n`);
for (const { work, against, tenants: count, ratio, aim } of rows)
  say(`${work}, ${count} tenants, against ${against}: ${ratio.toFixed(2)} (aim ${aim})`);
