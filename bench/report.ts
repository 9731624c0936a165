import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { median, type Pair } from './measure/pairs.js';
import { svgOf, type Series } from './plots/svg.js';
import type { Measured } from './works/work.js';

/** `npm run bench:report [-- FILE…]`: the newest results, or those of some runs, as table and plot of docs/performance.md. */
const RESULTS = new URL('results/', import.meta.url);
const DOCUMENT = new URL('../docs/performance.md', import.meta.url);
const PLOTS = new URL('../docs/plots/', import.meta.url);

interface Results {
  readonly machine: string;
  readonly rows: readonly Measured[];
}

async function newest(): Promise<URL> {
  const name = (await readdir(RESULTS))
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .at(-1);
  if (name === undefined) throw new Error('nothing was measured yet: npm run bench');
  return new URL(name, RESULTS);
}

const tableOf = (rows: readonly Measured[]): string =>
  [
    '| work | at | against | ratio | aim |',
    '|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.work} | ${row.tenants} tenants | ${row.against} | ${row.ratio.toFixed(2)} | ${row.aim} |`,
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
async function plot({ file, title, work, ours }: Plot, rows: readonly Measured[]): Promise<void> {
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

const files = process.argv.slice(2);
const results = await Promise.all(
  (files.length === 0 ? [await newest()] : files).map(
    async (file) => JSON.parse(await readFile(file, 'utf8')) as Results,
  ),
);
const rows = results.flatMap((result) => result.rows);
const machines = [...new Set(results.map(({ machine }) => machine))].join('; ');
const text = await readFile(DOCUMENT, 'utf8');
const made = `<!-- measured -->\n\n${machines}\n\n${tableOf(rows)}\n\n<!-- /measured -->`;
const filled = text.replace(/<!-- measured -->[^]*<!-- \/measured -->/, () => made);
const options = await resolveConfig(DOCUMENT.pathname);
await writeFile(DOCUMENT, await format(filled, { ...options, parser: 'markdown' }));
for (const one of GROWTH) await plot(one, rows);
