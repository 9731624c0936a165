import { openBenchFleet, type BenchFleet } from '../fleets/tenants.js';
import { inPairs, ratioOf, type Figures } from '../measure/pairs.js';
import { migrate } from '../measure/process.js';
import { told, type Measured, type Work } from './work.js';

const SMALL = 3;

/** `up` where every tenant has everything: what a deploy pays that brings no migration. */
export const upWithNothingToDo: Work = {
  name: 'idle',
  async measure({ pairs: count, tenants, say }) {
    await using small = await migrated(SMALL);
    const rows: Measured[] = [];
    for (const size of tenants) {
      await using fleet = await migrated(size);
      const up = async (on: BenchFleet): Promise<Figures> =>
        told(say, `up, nothing to do, ${on.tenants.length} tenants`, (await migrate(on.dir, ['up'])).figures);
      const pairs = await inPairs(
        count,
        () => up(fleet),
        () => up(small),
      );
      rows.push({
        work: 'up, nothing to do',
        against: `itself with ${SMALL} tenants`,
        aim: '≤ 1.5',
        ratio: ratioOf(pairs),
        tenants: size,
        pairs,
      });
    }
    return rows;
  },
};

async function migrated(size: number): Promise<BenchFleet & AsyncDisposable> {
  const fleet = await openBenchFleet(size);
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id bigint PRIMARY KEY, title text);');
  await migrate(fleet.dir, ['up']);
  return fleet;
}
