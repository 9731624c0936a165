import type { UpReport } from '../../src/report/up.js';
import { openBenchFleet, type BenchFleet } from '../fleets/tenants.js';
import { inPairs, median, ratioOf, type Figures, type Pair } from '../measure/pairs.js';
import { migrate } from '../measure/process.js';
import { watchReaders } from '../measure/readers.js';
import { MIGRATIONS } from '../migrations.js';
import { runUp, shardsAlone, writeMigrations } from '../ways/ways.js';
import { told, type Measured, type Work, type WorkOptions } from './work.js';

/** Tenants per batch. */
const SIZES = [10, 25, 50, 100, 200];

/** What makes the tables that the readers read. */
const FIRST = Object.entries(MIGRATIONS).slice(0, 2);

/**
 * How long those who read through the veneer wait, and how long all of it takes, by the size of a batch: what a larger one
 * saves, and what it costs. Against the statements of one batch on the shards, with nothing on the veneer.
 */
export const upInBatches: Work = {
  name: 'batches',
  async measure(options) {
    const tenants = Math.max(...options.tenants);
    const rows: Measured[] = [];
    let least = NaN;
    for (const size of SIZES.filter((some) => some * 3 <= tenants).toReversed()) {
      const pairs = await measureSize(tenants, size, options);
      const ms = median(pairs.map(({ ours }) => ours.ms ?? NaN));
      least = Number.isNaN(least) ? ms : least;
      const common = { tenants, pairs };
      rows.push(
        {
          ...common,
          work: `longest wait of a reader, batches of ${size}`,
          against: 'the same statements on the shards alone',
          aim: '≤ 1.5',
          ratio: ratioOf(pairs, 'waitedMs'),
        },
        {
          ...common,
          work: `up, eight migrations under readers, batches of ${size}`,
          against: 'the largest batches',
          aim: 'tells the default',
          ratio: ms / least,
        },
      );
    }
    return rows;
  },
};

function measureSize(tenants: number, size: number, { pairs, say }: WorkOptions): Promise<Pair[]> {
  let last: UpReport | null = null;
  const up = (): Promise<Figures> =>
    underReaders(tenants, size, async (fleet) => {
      const { report, figures } = await runUp(fleet);
      last = report;
      return figures;
    });
  const ours = async (): Promise<Figures> => told(say, `up in batches of ${size}`, await up());
  const theirs = async (): Promise<Figures> => {
    if (last === null) await up();
    const report = last as unknown as UpReport;
    const alone = await underReaders(tenants, size, (fleet) => shardsAlone(fleet, report));
    return told(say, `shards alone, batches of ${size}`, alone);
  };
  return inPairs(pairs, ours, theirs);
}

async function underReaders(
  tenants: number,
  size: number,
  work: (fleet: BenchFleet) => Promise<Figures>,
): Promise<Figures> {
  await using fleet = await prepared(tenants, size);
  const readers = await watchReaders(fleet, ({ name }) => `SELECT count(*) FROM ${name}.customers`);
  const figures = await work(fleet);
  return { ...figures, ...(await readers.stop()) };
}

/** With the first tables, and the size of a batch in its configuration. */
async function prepared(tenants: number, size: number): Promise<BenchFleet & AsyncDisposable> {
  const fleet = await openBenchFleet(tenants, `rollout: { batch: ${size}, lock_hold: 10m, lock_wait: 5m }\n`);
  await writeMigrations(fleet, Object.fromEntries(FIRST));
  await migrate(fleet.dir, ['up']);
  return fleet;
}
