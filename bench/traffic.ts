import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { freshFleet } from '../test/support/fresh-fleet.js';
import { commandsOn } from '../test/support/commands.js';
import { startTestServers } from '../test/support/test-servers.js';
import { baselineTraffic, startTraffic } from '../test/support/traffic.js';
import { BASE_FILE, BASE_SQL, changesOfRound } from '../test/support/traffic-schema.js';
import { trafficTable } from '../test/support/traffic-table.js';
import type { TrafficResult } from '../test/support/traffic-tally.js';
import { byLoop, byPgVeneer, type Way } from './ways.js';

/**
 * The same releases to the same kind of fleet on the same servers under the same traffic, by different ways, one after
 * the other: `npm run bench:traffic`. Prints a table and writes it into docs/traffic.md.
 */
const ROUNDS = Number(process.env.TRAFFIC_ROUNDS ?? 2);
const BASELINE_TURNS = 60;
const DOCUMENT = new URL('../docs/traffic.md', import.meta.url);

interface Run {
  readonly title: string;
  readonly result: TrafficResult;
  /** Seconds from the first release to the end of the last. */
  readonly seconds: number | null;
  readonly again: number | null;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function runWay(way: Way | null): Promise<Run> {
  const fleet = await freshFleet();
  try {
    await commandsOn(fleet).setup();
    await fleet.writeMigration(BASE_FILE, BASE_SQL);
    await (way ?? byPgVeneer('two-phase')).release(fleet, null);
    if (way === null) {
      const result = await baselineTraffic(fleet, BASELINE_TURNS);
      return { title: 'no migrations', result, seconds: null, again: null };
    }
    const traffic = await startTraffic(fleet);
    const start = performance.now();
    let again = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { file, sql } of changesOfRound(round)) {
        await fleet.writeMigration(file, sql);
        again += await way.release(fleet, traffic);
      }
    }
    const seconds = (performance.now() - start) / 1000;
    return { title: way.title, result: await traffic.stop(), seconds, again };
  } finally {
    await fleet.close();
  }
}

async function versions(): Promise<string> {
  const fleet = await freshFleet();
  try {
    const [row] = await fleet.query('veneer', 'SHOW server_version');
    const { version, dependencies } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    );
    const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
    return [
      `pg-veneer ${version}`,
      `node-pg-migrate ${dependencies['node-pg-migrate']}`,
      `PostgreSQL ${String(row?.server_version)} (four servers on one machine, fsync off)`,
      `Node ${process.version}`,
      machine,
    ].join(' · ');
  } finally {
    await fleet.close();
  }
}

async function paste(text: string): Promise<void> {
  const markers = /(<!-- bench:traffic -->\n)[^]*?(<!-- \/bench -->)/;
  const document = await readFile(DOCUMENT, 'utf8');
  if (!markers.test(document)) throw new Error('docs/traffic.md has no <!-- bench:traffic --> to write to');
  const pasted = document.replace(markers, (_all, begin, end) => `${begin}\n${text}\n\n${end}`);
  const options = await resolveConfig(fileURLToPath(DOCUMENT));
  await writeFile(DOCUMENT, await format(pasted, { ...options, parser: 'markdown' }));
}

const close = await startTestServers();
try {
  const runs: Run[] = [];
  for (const way of [null, byPgVeneer('two-phase'), byPgVeneer('lock-step'), byLoop]) {
    runs.push(await runWay(way));
    say(`${runs.at(-1)?.title}: ${runs.at(-1)?.result.statements} statements`);
    for (const sample of runs.at(-1)?.result.samples ?? []) say(`  ${sample}`);
  }
  const table = trafficTable(runs, [
    [
      'migrations',
      ...runs.map(({ seconds }) => (seconds === null ? '' : String(ROUNDS * changesOfRound(1).length))),
    ],
    ['tried again', ...runs.map(({ again }) => (again === null ? '' : String(again)))],
    [
      'time for all migrations',
      ...runs.map(({ seconds }) => (seconds === null ? '' : `${seconds.toFixed(1)} s`)),
    ],
  ]);
  const day = new Date().toISOString().slice(0, 10);
  const text = `${table}\n\n${day} · ${await versions()}`;
  say(`\n${text}`);
  await paste(text);
} finally {
  await close();
}
