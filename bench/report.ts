import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { median, type Pair } from './measure/pairs.js';
import { svgOf, type Series } from './plots/svg.js';
import { merged, readRows, writeRows, type Row } from './measured.js';

/**
 * `npm run bench:report [-- FILE…]`: takes the newest results, or those of some runs, into bench/measured.json, and makes table and
 * plots of docs/performance.md of all that is there.
 */
const RESULTS = new URL('results/', import.meta.url);
const DOCUMENT = new URL('../docs/performance.md', import.meta.url);
const PLOTS = new URL('../docs/plots/', import.meta.url);

async function newest(): Promise<URL> {
  const name = (await readdir(RESULTS))
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .at(-1);
  if (name === undefined) throw new Error('nothing was measured yet: npm run bench');
  return new URL(name, RESULTS);
}

const tableOf = (rows: readonly Row[]): string =>
  [
    '| work | at | against | ratio | aim | pairs |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.work} | ${row.tenants} tenants | ${row.against} | ${row.ratio.toFixed(2)} | ${row.aim} | ${row.pairs.length} |`,
    ),
  ].join('\n');

const msOf = (pairs: readonly Pair[], side: keyof Pair): number =>
  median(pairs.map((pair) => pair[side].ms ?? NaN));

interface Plot {
  readonly file: string;
  readonly title: string;
  /** The work as its rows name it. */
  readonly work: string;
  /** What the line of our own is called. */
  readonly ours: string;
}

const GROWTH: readonly Plot[] = [
  { file: 'up.svg', title: 'Ten migrations', work: 'up, ten migrations', ours: 'migrate up' },
  {
    file: 'status.svg',
    title: 'Every definition of twenty tables per tenant',
    work: 'status, every definition',
    ours: 'migrate status',
  },
  {
    file: 'shards.svg',
    title: 'Ten migrations over a growing number of databases, 20 ms away',
    work: 'up, ten migrations, a database per tenant, 20 ms away',
    ours: 'migrate up',
  },
];

/** Rows that were measured against the same thing at several sizes become a plot, ours and theirs. */
async function plot({ file, title, work, ours }: Plot, rows: readonly Row[]): Promise<void> {
  const timed = rows.filter((row) => row.work === work);
  const others = [...new Set(timed.map(({ against }) => against))].map((against): Series => {
    const some = timed.filter((row) => row.against === against);
    return { title: against, points: some.map(({ tenants, pairs }) => [tenants, msOf(pairs, 'theirs')]) };
  });
  const [first] = others;
  if (first === undefined || first.points.length < 2) return;
  const points = timed
    .filter(({ against }) => against === first.title)
    .map(({ tenants, pairs }) => [tenants, msOf(pairs, 'ours')] as const);
  await mkdir(PLOTS, { recursive: true });
  await writeFile(
    new URL(file, PLOTS),
    svgOf({ title, x: 'tenants', y: 'milliseconds', series: [{ title: ours, points }, ...others] }),
  );
}

/** By day; where there are several, what was measured then. */
function machinesOf(rows: readonly Row[]): string {
  const runs = [...new Set(rows.map(({ on, machine }) => `${on}: ${machine}`))].toSorted();
  const each = runs.map((run) => {
    const works = rows.filter(({ on, machine }) => `${on}: ${machine}` === run).map(({ work }) => work);
    return runs.length === 1 ? run : `${run} (${[...new Set(works)].join('; ')})`;
  });
  return each.join('\n\n');
}

const files = process.argv.slice(2);
const latest = await Promise.all(
  (files.length === 0 ? [await newest()] : files).map(
    async (file) => JSON.parse(await readFile(file, 'utf8')) as Row[],
  ),
);
const rows = merged(await readRows(), latest.flat());
await writeRows(rows);
const text = await readFile(DOCUMENT, 'utf8');
const made = `<!-- measured -->\n\n${machinesOf(rows)}\n\n${tableOf(rows)}\n\n<!-- /measured -->`;
const filled = text.replace(/<!-- measured -->[^]*<!-- \/measured -->/, () => made);
const options = await resolveConfig(DOCUMENT.pathname);
await writeFile(DOCUMENT, await format(filled, { ...options, parser: 'markdown' }));
for (const one of GROWTH) await plot(one, rows);
