import { openBenchFleet, withBenchFleet } from '../fleets/tenants.js';
import { inPairs, median, ratioOf, type Figures, type Pair } from '../measure/pairs.js';
import { againstReplay } from '../ways/against-replay.js';
import { loop, runUp } from '../ways/ways.js';
import { told, type Measured, type Work, type WorkOptions } from './work.js';

const WORK = 'up, ten migrations';

/** Ten migrations over a fleet, against the same SQL from bare connections, and what the runner itself takes. */
export const upAgainstReplay: Work = {
  name: 'up',
  async measure(options) {
    const rows: Measured[] = [];
    for (const size of options.tenants)
      rows.push(
        ...rowsOf(
          size,
          await againstReplay({ at: `${size} tenants`, open: () => openBenchFleet(size) }, options),
        ),
      );
    return rows;
  },
};

function rowsOf(tenants: number, pairs: readonly Pair[]): Measured[] {
  const common = { tenants, pairs };
  const ofOurs = (figure: (ours: Figures) => number): number => median(pairs.map(({ ours }) => figure(ours)));
  return [
    {
      ...common,
      work: WORK,
      against: 'the same SQL from bare connections',
      aim: '≤ 1.10 from 120 tenants',
      ratio: ratioOf(pairs),
    },
    {
      ...common,
      work: "the runner's CPU during it",
      against: "the servers' CPU",
      aim: '≤ 0.10',
      ratio: ofOurs(({ cpuMs, serversCpuMs }) => (cpuMs ?? NaN) / (serversCpuMs ?? NaN)),
    },
    {
      ...common,
      work: "the runner's peak memory during it",
      against: '150 MB',
      aim: '≤ 1 at 2,000 tenants',
      ratio: ofOurs(({ maxRssKb }) => (maxRssKb ?? NaN) / (150 * 1024)),
    },
  ];
}

interface LoopWork {
  readonly name: string;
  readonly by: 'api' | 'cli';
  readonly against: string;
  readonly aim: string;
  /** More tenants would take too long. */
  readonly most?: number;
}

/** The same against node-pg-migrate, a lane per shard, and re-import. */
const upAgainstLoop = ({ name, by, against, aim, most = Infinity }: LoopWork): Work => ({
  name,
  async measure(options) {
    const rows: Measured[] = [];
    for (const size of options.tenants.filter((tenants) => tenants <= most)) {
      const pairs = await againstLoop(size, by, options);
      rows.push({ work: WORK, against, aim, ratio: ratioOf(pairs), tenants: size, pairs });
    }
    return rows;
  },
});

export const upAgainstApi = upAgainstLoop({
  name: 'loop',
  by: 'api',
  against: 'node-pg-migrate API, 3 lanes, re-import',
  aim: '≤ 0.33 from 120 tenants',
});

export const upAgainstCli = upAgainstLoop({
  name: 'cli',
  by: 'cli',
  against: 'node-pg-migrate CLI, 3 lanes, re-import',
  aim: '≤ 0.07',
  most: 600,
});

function againstLoop(tenants: number, by: 'api' | 'cli', { pairs, say }: WorkOptions): Promise<Pair[]> {
  return inPairs(
    pairs,
    async () => told(say, `up, ${tenants} tenants`, (await withBenchFleet(tenants, runUp)).figures),
    async () =>
      told(say, `${by} loop, ${tenants} tenants`, await withBenchFleet(tenants, (fleet) => loop(fleet, by))),
  );
}
