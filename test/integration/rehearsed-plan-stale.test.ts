import { readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { fingerprint } from '../support/fingerprint.js';
import { scenario } from '../support/scenario.js';

const s = scenario({ shared: true });

const plan = (): string => `${s.fleet.dir}/reviewed.json`;

const SECOND = 'ALTER TABLE books ADD COLUMN isbn text';
const THIRD = 'ALTER TABLE books RENAME COLUMN title TO name';

/** As they were when the plan was made. */
let config = '';
let pin = '';

beforeAll(async () => {
  await s.start('CREATE TABLE books (id int PRIMARY KEY, title text)');
  await s.write(SECOND);
  await s.write(THIRD);
  expect(await s.run.rehearse({ out: plan() })).toMatchObject({ exitCode: 0, plan: plan() });
  config = await s.fleet.readConfig();
  pin = await readFile(plan(), 'utf8');
});

interface Move {
  readonly what: string;
  readonly does: () => Promise<unknown>;
  readonly told: string;
  readonly undo: () => Promise<unknown>;
}

const by = (member: string, sql: string) => (): Promise<unknown> => s.fleet.query(member, sql);

const MOVES: readonly Move[] = [
  {
    what: 'an edited file',
    does: () => s.fleet.writeMigration('0002_change.sql', `${SECOND}; SELECT 1`),
    told: 'migrations/0002_change.sql was edited',
    undo: () => s.fleet.writeMigration('0002_change.sql', SECOND),
  },
  {
    what: 'a new file',
    does: () => s.fleet.writeMigration('0009_new.sql', 'SELECT 1'),
    told: 'migrations/0009_new.sql is pending, and was not',
    undo: () => rm(`${s.fleet.dir}/migrations/0009_new.sql`),
  },
  {
    what: 'a missing file',
    does: () => rm(`${s.fleet.dir}/migrations/0003_change.sql`),
    told: 'migrations/0003_change.sql is not pending any more',
    undo: () => s.fleet.writeMigration('0003_change.sql', THIRD),
  },
  {
    what: 'a tenant that was added',
    does: async () => {
      await s.fleet.writeConfig(config.replace('[initech]', '[initech, hooli]'));
      await s.fleet.query('shard3', 'CREATE SCHEMA hooli');
    },
    told: 'tenant hooli on shard3 was added',
    undo: async () => {
      await s.fleet.writeConfig(config);
      await s.fleet.query('shard3', 'DROP SCHEMA hooli');
    },
  },
  {
    what: 'a tenant that was removed',
    does: () => s.fleet.writeConfig(config.replace(', dunder_mifflin', '')),
    told: 'tenant dunder_mifflin on shard2 is not there any more',
    undo: () => s.fleet.writeConfig(config),
  },
  {
    what: "a shard's table changed by hand",
    does: by('shard2', 'CREATE INDEX by_hand ON dunder_mifflin.books (title)'),
    told: 'what is in the schema of tenant dunder_mifflin on shard2 was changed',
    undo: by('shard2', 'DROP INDEX dunder_mifflin.by_hand'),
  },
  {
    what: 'a foreign table changed by hand',
    does: by('veneer', 'ALTER FOREIGN TABLE cyberdyne.books ALTER COLUMN title SET NOT NULL'),
    told: 'the foreign tables of veneer that show shard2 were changed',
    undo: by('veneer', 'ALTER FOREIGN TABLE cyberdyne.books ALTER COLUMN title DROP NOT NULL'),
  },
  {
    what: 'a view of the veneer',
    does: by('veneer', 'CREATE VIEW cyberdyne.titles AS SELECT title FROM cyberdyne.books'),
    told: 'what is in the shared schemas of veneer veneer was changed',
    undo: by('veneer', 'DROP VIEW cyberdyne.titles'),
  },
  {
    what: 'another database behind a url',
    does: () => {
      const [, oid = ''] = /"member": "shard1",[^}]*"databaseOid": "(\d+)"/.exec(pin) ?? [];
      return writeFile(plan(), pin.replace(`"databaseOid": "${oid}"`, '"databaseOid": "1"'));
    },
    told: 'another server or database answers as',
    undo: () => writeFile(plan(), pin),
  },
  {
    what: 'a ledger that moved',
    does: () => s.run.up({ tenants: ['initech'], limit: { kind: 'count', count: 1 } }),
    told: 'the ledger of tenant initech on shard3 has moved',
    // The last of them: a migration in SQL without a down part is not taken down.
    undo: async () => undefined,
  },
];

/** History tells of the refusal. */
const state = async (): Promise<unknown> =>
  Object.fromEntries(
    Object.entries(await fingerprint(s.fleet)).filter(([name]) => !name.includes('pgveneer.history')),
  );

test.each(MOVES)(
  '$what makes a plan stale: up says so, and changes nothing',
  async ({ does, told, undo }) => {
    await does();
    const before = await state();
    const report = await s.run.up({ plan: plan() });
    expect(report).toMatchObject({ exitCode: 20, next: 'migrate rehearse' });
    expect(report.problems).toMatchObject([
      { exitCode: 20, detail: expect.stringContaining(told), where: { file: plan() } },
    ]);
    expect(report.shards.flatMap(({ steps }) => steps).every((step) => step.state === 'not started')).toBe(
      true,
    );
    expect(await state()).toEqual(before);
    expect(await s.run.up({ plan: plan(), dryRun: true })).toMatchObject({
      exitCode: 20,
      next: 'migrate rehearse',
    });
    await undo();
  },
);
