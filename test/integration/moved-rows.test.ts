import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import type { Progress } from '../../src/report/progress.js';
import type { UpReport } from '../../src/report/up.js';
import { signal } from '../support/hold.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const configFor = (fleet: string): string =>
  bookstoreYaml(fleet).replace(/rollout: .*/, 'rollout: { lock_wait: 300ms, lock_hold: 30s, retries: 1000 }');

const s = scenario({ shared: true, config: configFor });

/** A table, or a partitioned one, with a row or two, under a name of its own. */
const filled = (name: string): string => `CREATE TABLE ${name} (id int); INSERT INTO ${name} VALUES (1), (2)`;
const byList = (name: string): string =>
  `CREATE TABLE ${name} (id int) PARTITION BY LIST (id); CREATE TABLE ${name}_1 PARTITION OF ${name} FOR VALUES IN (1);
   INSERT INTO ${name} VALUES (1)`;
const byRange = (name: string): string =>
  `CREATE TABLE ${name} (id int) PARTITION BY RANGE (id); CREATE TABLE ${name}_1 PARTITION OF ${name} FOR VALUES FROM (1) TO (2);
   CREATE TABLE ${name}_rest PARTITION OF ${name} DEFAULT; INSERT INTO ${name} VALUES (1), (2)`;

interface Case {
  readonly name: string;
  readonly given: string;
  /** Migrations that are pending together. */
  readonly changes: readonly string[];
  readonly read: string;
  readonly rows: number;
}

const MOVED: readonly Case[] = [
  {
    name: 'a view reads a new copy of its table',
    given: `${filled('a')}; CREATE VIEW a_view AS SELECT id FROM a`,
    changes: ['CREATE TABLE a2 AS SELECT * FROM a; CREATE OR REPLACE VIEW a_view AS SELECT id FROM a2'],
    read: 'a_view',
    rows: 2,
  },
  {
    name: 'a view reads the copy through a new view',
    given: `${filled('b')}; CREATE VIEW b_view AS SELECT id FROM b`,
    changes: [
      `CREATE TABLE b2 AS SELECT * FROM b; CREATE VIEW b_new AS SELECT id FROM b2;
       CREATE OR REPLACE VIEW b_view AS SELECT id FROM b_new`,
    ],
    read: 'b_view',
    rows: 2,
  },
  {
    name: 'a view stands above a view that reads the copy',
    given: `${filled('c')}; CREATE VIEW c_low AS SELECT id FROM c; CREATE VIEW c_high AS SELECT id FROM c_low`,
    changes: ['CREATE TABLE c2 AS SELECT * FROM c; CREATE OR REPLACE VIEW c_low AS SELECT id FROM c2'],
    read: 'c_high',
    rows: 2,
  },
  {
    name: 'a migration before has made the copy',
    given: `${filled('d')}; CREATE VIEW d_view AS SELECT id FROM d`,
    changes: ['CREATE TABLE d2 AS SELECT * FROM d', 'CREATE OR REPLACE VIEW d_view AS SELECT id FROM d2'],
    read: 'd_view',
    rows: 2,
  },
  {
    name: "a view takes a dropped table's name",
    given: filled('e'),
    changes: ['CREATE TABLE e2 AS SELECT * FROM e; DROP TABLE e; CREATE VIEW e AS SELECT * FROM e2'],
    read: 'e',
    rows: 2,
  },
  {
    name: "a table takes a dropped view's name",
    given: `${filled('f')}; CREATE VIEW f_view AS SELECT id FROM f`,
    changes: ['DROP VIEW f_view; CREATE TABLE f_view AS SELECT * FROM f'],
    read: 'f_view',
    rows: 2,
  },
  {
    name: "a partitioned table takes a table's name",
    given: filled('g'),
    changes: [
      `ALTER TABLE g RENAME TO g_old; CREATE TABLE g (id int) PARTITION BY LIST (id);
       CREATE TABLE g_all PARTITION OF g DEFAULT; INSERT INTO g SELECT * FROM g_old; DROP TABLE g_old`,
    ],
    read: 'g',
    rows: 2,
  },
  {
    name: 'two tables change names',
    given: filled('h'),
    changes: [
      'CREATE TABLE h2 AS SELECT * FROM h',
      'ALTER TABLE h RENAME TO h_old; ALTER TABLE h2 RENAME TO h',
    ],
    read: 'h',
    rows: 2,
  },
  {
    name: 'a partition is replaced by its copy',
    given: byList('i'),
    changes: [
      `ALTER TABLE i DETACH PARTITION i_1; CREATE TABLE i_1b (id int); INSERT INTO i_1b SELECT * FROM i_1;
       ALTER TABLE i ATTACH PARTITION i_1b FOR VALUES IN (1)`,
    ],
    read: 'i',
    rows: 1,
  },
  {
    name: 'a partition of a partition is replaced by its copy',
    given: `CREATE TABLE j (id int, n int) PARTITION BY LIST (id);
            CREATE TABLE j_1 PARTITION OF j FOR VALUES IN (1) PARTITION BY LIST (n);
            CREATE TABLE j_1_1 PARTITION OF j_1 FOR VALUES IN (1); INSERT INTO j VALUES (1, 1)`,
    changes: [
      `CREATE TABLE j_copy AS SELECT * FROM j; DROP TABLE j_1_1;
       ALTER TABLE j_1 ATTACH PARTITION j_copy FOR VALUES IN (1)`,
    ],
    read: 'j',
    rows: 1,
  },
  {
    name: 'rows of the default partition move to a new one',
    given: byRange('k'),
    changes: [
      `CREATE TABLE k_2 AS SELECT * FROM k WHERE id = 2; DELETE FROM k WHERE id = 2;
       ALTER TABLE k ATTACH PARTITION k_2 FOR VALUES FROM (2) TO (3)`,
    ],
    read: 'k WHERE id = 2',
    rows: 1,
  },
  {
    name: 'they move to one that is attached again with wider bounds',
    given: byRange('l'),
    changes: [
      `ALTER TABLE l DETACH PARTITION l_1; INSERT INTO l_1 SELECT * FROM l WHERE id = 2; DELETE FROM l WHERE id = 2;
       ALTER TABLE l ATTACH PARTITION l_1 FOR VALUES FROM (1) TO (3)`,
    ],
    read: 'l WHERE id = 2',
    rows: 1,
  },
  {
    name: 'a child that others inherit from is replaced by its copy',
    given: 'CREATE TABLE m (id int); CREATE TABLE m_1 () INHERITS (m); INSERT INTO m_1 VALUES (1)',
    changes: ['CREATE TABLE m_2 AS SELECT * FROM m; DROP TABLE m_1; ALTER TABLE m_2 INHERIT m'],
    read: 'm',
    rows: 1,
  },
  {
    name: 'a materialized view is refreshed',
    given: `${filled('n')}; CREATE MATERIALIZED VIEW n_view AS SELECT id FROM n`,
    changes: ['REFRESH MATERIALIZED VIEW n_view'],
    read: 'n_view',
    rows: 2,
  },
  {
    name: 'a materialized view is made anew',
    given: `${filled('o')}; CREATE MATERIALIZED VIEW o_view AS SELECT id FROM o`,
    changes: ['DROP MATERIALIZED VIEW o_view; CREATE MATERIALIZED VIEW o_view AS SELECT id FROM o'],
    read: 'o_view',
    rows: 2,
  },
  {
    name: 'a policy asks a table that is new',
    given: `${filled('u')}; ALTER TABLE u ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_it ON u USING (true)`,
    changes: [
      `CREATE TABLE u_allowed AS SELECT id FROM u; DROP POLICY all_of_it ON u;
       GRANT SELECT ON u_allowed TO bookstore_app; CREATE POLICY those ON u USING (id IN (SELECT id FROM u_allowed))`,
    ],
    read: 'u',
    rows: 2,
  },
];

const KEPT: readonly Case[] = [
  {
    name: 'a partition is made for rows to come',
    given: byList('p'),
    changes: ['CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2)'],
    read: 'p',
    rows: 1,
  },
  {
    name: 'a view shows one column more of its table',
    given: `${filled('q')}; CREATE VIEW q_view AS SELECT id FROM q`,
    changes: ['CREATE OR REPLACE VIEW q_view AS SELECT id, id + 1 AS next FROM q'],
    read: 'q_view',
    rows: 2,
  },
  {
    name: 'a view takes the name of the table that it reads',
    given: filled('r'),
    changes: ['ALTER TABLE r RENAME TO r_table; CREATE VIEW r AS SELECT id FROM r_table'],
    read: 'r',
    rows: 2,
  },
  {
    name: 'a table becomes the partition of a parent of its name',
    given: filled('t'),
    changes: [
      `ALTER TABLE t RENAME TO t_all; CREATE TABLE t (id int) PARTITION BY LIST (id);
       ALTER TABLE t ATTACH PARTITION t_all DEFAULT`,
    ],
    read: 't',
    rows: 2,
  },
];

const LAST = `${filled('z')}; CREATE VIEW z_view AS SELECT id FROM z`;

let reader: Client;

beforeAll(async () => {
  const given = [...[...MOVED, ...KEPT].map((one) => one.given), LAST];
  await s.start(['CREATE TABLE authors (id int)', ...given].join(';\n'));
});

/** It has a snapshot on the shard, and a lock on the veneer of a table that no migration here changes. */
beforeEach(async () => {
  reader = await s.fleet.connect('veneer', 'app');
  await reader.query('BEGIN; SELECT FROM bluth_co.authors');
});

afterEach(() => reader.end());

const countIn = async (read: string): Promise<unknown> =>
  (await reader.query<{ n: number }>(`SELECT count(*)::int AS n FROM bluth_co.${read}`)).rows[0]?.n;

const onShard1 = { shards: ['shard1'] };

const attemptsOf = ({ shards }: UpReport): number =>
  Math.max(...shards.flatMap(({ steps }) => steps.map(({ attempts }) => attempts)));

test.each(MOVED)('a reader with an old snapshot is waited for where $name', async (one) => {
  for (const sql of one.changes) await s.write(sql);
  const retried = signal();
  const onProgress = (event: Progress): void => {
    if (event.type === 'step' && event.phase === 'retrying') retried.fire();
  };
  const report = s.runWith({ onProgress }).up(onShard1);
  await Promise.race([retried.promise, report]);
  expect(await countIn(one.read)).toBe(one.rows);
  await reader.query('COMMIT');
  expect(await report).toMatchObject({ problems: [], exitCode: 0 });
  expect(await countIn(one.read)).toBe(one.rows);
  expect(await s.run.status(onShard1)).toMatchObject({ drift: [], exitCode: 0 });
});

test.each(KEPT)('nobody is waited for where $name', async (one) => {
  for (const sql of one.changes) await s.write(sql);
  const report = await s.run.up(onShard1);
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(attemptsOf(report)).toBe(1);
  expect(await countIn(one.read)).toBe(one.rows);
});

test('policy.rewrites refuses a view that reads a new copy, or lets it pass', async () => {
  await s.write('CREATE TABLE z2 AS SELECT * FROM z; CREATE OR REPLACE VIEW z_view AS SELECT id FROM z2');
  const withPolicy = (policy: string): Promise<void> =>
    s.fleet.writeConfig(`${configFor(s.fleet.name)}\npolicy: { rewrites: ${policy} }\n`);
  await withPolicy('refuse');
  expect(await s.run.up(onShard1)).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message:
          'the migration rewrites, truncates or replaces bluth_co.z_view, and policy.rewrites refuses that',
      },
    ],
  });
  await withPolicy('allow');
  const report = await s.run.up(onShard1);
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(attemptsOf(report)).toBe(1);
});
