import type { UpReport } from '../../src/report/reports.js';
import { withBenchFleet } from '../fleet.js';
import { inPairs, median, ratioOf, type Figures, type Pair } from '../pairs.js';
import { loop, replay, runUp } from '../ways/ways.js';
import type { Measured, Work, WorkOptions } from './work.js';

const WORK = 'up, ten migrations';

/** Ten migrations over a fleet, against the same SQL from bare connections, and the runner's CPU against the servers'. */
export const upAgainstReplay: Work = {
  name: 'up',
  async measure(options) {
    const rows: Measured[] = [];
    for (const tenants of options.tenants) {
      const pairs = await againstReplay(tenants, options);
      rows.push({
        work: WORK,
        against: 'the same SQL from bare connections',
        aim: '≤ 1.10 from 120 tenants',
        ratio: ratioOf(pairs),
        tenants,
        pairs,
      });
      rows.push({
        work: "the runner's CPU during it",
        against: "the servers' CPU",
        aim: '≤ 0.10',
        ratio: median(pairs.map(({ ours }) => (ours.cpuMs ?? NaN) / (ours.serversCpuMs ?? NaN))),
        tenants,
        pairs,
      });
    }
    return rows;
  },
};

/** The same against node-pg-migrate's API, a lane per shard, and re-import. */
export const upAgainstLoop: Work = {
  name: 'loop',
  async measure(options) {
    const rows: Measured[] = [];
    for (const tenants of options.tenants) {
      const pairs = await againstLoop(tenants, options);
      rows.push({
        work: WORK,
        against: 'node-pg-migrate API, 3 lanes, re-import',
        aim: '≤ 0.33 from 120 tenants',
        ratio: ratioOf(pairs),
        tenants,
        pairs,
      });
    }
    return rows;
  },
};

/** What is replayed is what the latest run of ours reported; where none was yet, one on a fleet of its own tells. */
function againstReplay(tenants: number, { pairs, say }: WorkOptions): Promise<Pair[]> {
  let last: UpReport | null = null;
  const ours = async (): Promise<Figures> => {
    const { report, figures } = await withBenchFleet(tenants, runUp);
    last = report;
    return told(say, `up, ${tenants} tenants`, figures);
  };
  const theirs = async (): Promise<Figures> => {
    const report = last ?? (await withBenchFleet(tenants, runUp)).report;
    return told(
      say,
      `replay, ${tenants} tenants`,
      await withBenchFleet(tenants, (fleet) => replay(fleet, report)),
    );
  };
  return inPairs(pairs, ours, theirs);
}

function againstLoop(tenants: number, { pairs, say }: WorkOptions): Promise<Pair[]> {
  return inPairs(
    pairs,
    async () => told(say, `up, ${tenants} tenants`, (await withBenchFleet(tenants, runUp)).figures),
    async () => told(say, `loop, ${tenants} tenants`, await withBenchFleet(tenants, loop)),
  );
}

function told(say: WorkOptions['say'], what: string, figures: Figures): Figures {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value ?? NaN)}`);
  say(`  ${what}: ${numbers.join(', ')}`);
  return figures;
}
