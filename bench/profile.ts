import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { startTestServers } from '../test/support/test-servers.js';
import { openBenchFleet } from './fleets/tenants.js';
import { byKind, SENT, type KindTime } from './measure/statement-kinds.js';
import { WATCHED, watchStatements, type StatementTime } from './measure/statement-times.js';
import { replay, runUp } from './ways/ways.js';
import type { UpReport } from '../src/report/up.js';

/**
 * `npm run bench:profile`: what the servers' time goes to while `migrate up` runs the ten migrations, by pg_stat_statements;
 * BENCH_TENANTS (600) says over how many tenants. Prints a table and writes it into docs/performance.md. What the runner's own time
 * goes to, tells `node --cpu-prof dist/bin/migrate.js up`.
 */
const TENANTS = Number(process.env.BENCH_TENANTS ?? 600);
const DOCUMENT = new URL('../docs/performance.md', import.meta.url);

async function watchUp(): Promise<{ report: UpReport; times: StatementTime[] }> {
  await using fleet = await openBenchFleet(TENANTS);
  let report: UpReport | undefined;
  const times = await watchStatements(async () => {
    ({ report } = await runUp(fleet));
  });
  if (report === undefined) throw new Error('it ended without a report');
  return { report, times };
}

async function watchReplay(report: UpReport): Promise<StatementTime[]> {
  await using fleet = await openBenchFleet(TENANTS);
  return await watchStatements(() => replay(fleet, report));
}

const sumOf = (times: readonly Pick<StatementTime, 'ms'>[]): number =>
  times.reduce((sum, { ms }) => sum + ms, 0);

function tableOf(kinds: readonly KindTime[]): string {
  const all = sumOf(kinds);
  const row = ({ kind, on, calls, rows, ms }: KindTime): string =>
    `| ${kind} | ${on} | ${calls} | ${rows} | ${((100 * ms) / all).toFixed(1)} % |`;
  return ['| what | on | calls | rows | of the time |', '|---|---|---|---|---|', ...kinds.map(row)].join(
    '\n',
  );
}

const stop = await startTestServers(WATCHED);
try {
  const { report, times } = await watchUp();
  const sent = await watchReplay(report);
  const kinds = byKind(times, sent);
  const statements = sumOf(kinds.filter(({ kind }) => kind === SENT));
  const heading = `${TENANTS} tenants. All statements together took ${(sumOf(kinds) / statements).toFixed(2)} times what those of migrations and veneer took.`;
  const made = `<!-- profile -->\n\n${heading}\n\n${tableOf(kinds)}\n\n<!-- /profile -->`;
  process.stdout.write(`${made}\n`);
  const text = await readFile(DOCUMENT, 'utf8');
  const filled = text.replace(/<!-- profile -->[^]*<!-- \/profile -->/, () => made);
  const options = await resolveConfig(DOCUMENT.pathname);
  await writeFile(DOCUMENT, await format(filled, { ...options, parser: 'markdown' }));
} finally {
  await stop();
}
