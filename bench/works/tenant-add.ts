import { openBenchFleet, type BenchFleet } from '../fleets/tenants.js';
import { inPairs, ratioOf, type Figures } from '../measure/pairs.js';
import { migrate, way } from '../measure/process.js';
import { writeMigrations } from '../ways/ways.js';
import { told, type Measured, type Work } from './work.js';

const SMALL = 3;
const TOGETHER = 20;

/** Fifty: ten tables, and four changes of each. */
const MIGRATIONS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => {
    const [round, table] = [Math.floor(index / 10), `things_${index % 10}`];
    const sql =
      round === 0
        ? `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());`
        : `ALTER TABLE ${table} ADD COLUMN extra_${round} text; CREATE INDEX ON ${table} (extra_${round});`;
    return [`${String(index + 1).padStart(4, '0')}_${table}.sql`, sql];
  }),
);

/** `tenant add` on a fleet with fifty migrations, by itself and with many names. */
export const tenantAdd: Work = {
  name: 'tenant-add',
  async measure({ pairs: count, say }) {
    await using fleet = await openBenchFleet(SMALL);
    await writeMigrations(fleet, MIGRATIONS);
    await migrate(fleet.dir, ['up']);
    const names = namesOf('new');
    const add = async (amount: number): Promise<Figures> =>
      (await migrate(fleet.dir, ['tenant', 'add', ...names.take(amount), '--shard', 'shard1'])).figures;
    const one = await inPairs(
      count,
      async () => told(say, 'tenant add', await add(1)),
      async () => told(say, 'add.js', await addRaw(fleet, names.take(1))),
    );
    const many = await inPairs(
      count,
      async () => told(say, `tenant add, ${TOGETHER} names`, await add(TOGETHER)),
      async () => told(say, `tenant add, ${TOGETHER} times`, await oneByOne(() => add(1))),
    );
    const common = { tenants: SMALL };
    return [
      {
        ...common,
        work: 'tenant add, fifty migrations',
        against: 'the same SQL and IMPORT FOREIGN SCHEMA',
        aim: '≤ 1.2',
        ratio: ratioOf(one),
        pairs: one,
      },
      {
        ...common,
        work: `tenant add of ${TOGETHER} names`,
        against: `${TOGETHER} of one name`,
        aim: '≤ 0.5 of a hundred',
        ratio: ratioOf(many),
        pairs: many,
      },
    ] satisfies Measured[];
  },
};

function namesOf(prefix: string): { take(amount: number): string[] } {
  let last = 0;
  return { take: (amount) => Array.from({ length: amount }, () => `${prefix}_${++last}`) };
}

const addRaw = async (fleet: BenchFleet, [tenant]: readonly string[]): Promise<Figures> =>
  (
    await way('add.js', {
      shard: fleet.urlOf('shard1'),
      veneer: fleet.urlOf('veneer'),
      server: 'shard1_server',
      tenant,
      sql: Object.values(MIGRATIONS).join('\n'),
    })
  ).figures;

async function oneByOne(work: () => Promise<Figures>): Promise<Figures> {
  let ms = 0;
  for (let index = 0; index < TOGETHER; index++) ms += (await work()).ms ?? NaN;
  return { ms };
}
