import { withBenchFleet } from '../fleets/tenants.js';
import { inPairs, ratioOf, type Figures } from '../measure/pairs.js';
import { migrate } from '../measure/process.js';
import { FIFTY_MIGRATIONS, MIGRATIONS } from '../migrations.js';
import { writeMigrations } from '../ways/ways.js';
import { told, type Measured, type Work } from './work.js';

/** Fifty migrations in one run against ten of them: whether what the runner keeps grows with what it has done. */
export const soak: Work = {
  name: 'soak',
  async measure({ pairs: count, tenants, say }) {
    const rows: Measured[] = [];
    for (const size of tenants) {
      const up = (migrations: Readonly<Record<string, string>>): Promise<Figures> =>
        withBenchFleet(size, async (fleet) => {
          await writeMigrations(fleet, migrations);
          const what = `up, ${Object.keys(migrations).length} migrations, ${size} tenants`;
          return told(say, what, (await migrate(fleet.dir, ['up'])).figures);
        });
      const pairs = await inPairs(
        count,
        () => up(FIFTY_MIGRATIONS),
        () => up(MIGRATIONS),
      );
      rows.push({
        work: "the runner's peak memory, fifty migrations",
        against: 'itself with ten of them',
        aim: 'bounded',
        ratio: ratioOf(pairs, 'maxRssKb'),
        tenants: size,
        pairs,
      });
    }
    return rows;
  },
};
