import { expect, test } from '@jest/globals';
import { PLAIN } from '../../src/render/blocks/style.js';
import { reportText } from '../../src/render/report-text.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const notices = (): string[] =>
  s.run.events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));

test('a file without statements is told before it is recorded, and not again', async () => {
  await s.start('CREATE TABLE books (id int)');
  const name = await s.write('-- Up Migration\n');
  const told = `migrations/${name}.sql: it holds no statement: it will be recorded as applied, and change nothing; what is written into it after that is refused`;
  await s.run.up({ dryRun: true });
  expect(notices()).toEqual([told]);
  await s.run.up();
  expect(notices()).toEqual([told, told]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(notices()).toEqual([told, told]);
});

test('where an edited file forbids to begin, no shard is called up to date', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.writeMigration('0001_change.sql', 'CREATE TABLE books (id bigint)');
  for (const dryRun of [true, false]) {
    const report = await s.run.up({ dryRun });
    expect(report).toMatchObject({
      exitCode: 20,
      shards: [1, 2, 3].map(() => ({ state: 'not started', steps: [] })),
    });
    expect(reportText(report, PLAIN)).not.toContain('up to date');
  }
});

test('after a step that was rolled back nothing is said of statistics', async () => {
  await s.start('CREATE TABLE authors (id int)');
  await s.write('CREATE TABLE books (id int)');
  const run = s.runWith({
    at: async (point) => {
      if (point === 'before prepare:veneer')
        throw new Error('the veneer has its part, and nothing is prepared');
    },
  });
  expect((await run.up()).shards[0]).toMatchObject({ state: 'failed' });
  expect(run.events.map(({ type }) => type)).not.toContain('analyzing');
});
