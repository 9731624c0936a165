import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({ shared: true });

const read = (file: string): Promise<string> => readFile(`${s.fleet.dir}/${file}`, 'utf8');

test('what it writes is a migration that can be applied, in each language', async () => {
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  for (const language of ['sql', 'ts', 'js'] as const) {
    const report = await s.run.create({ name: `In ${language}`, language });
    expect(report).toMatchObject({ exitCode: 0, template: null, notices: [] });
    expect(report.file).toMatch(new RegExp(`^migrations/\\d{17}_in-${language}\\.${language}$`));
  }
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});

test('a template of the project goes before the built-in one', async () => {
  await s.fleet.writeMigration('.template.sql', '-- ours\n');
  const report = await s.run.create({ name: 'mine' });
  expect(report.template).toBe('migrations/.template.sql');
  expect(await read(report.file)).toBe('-- ours\n');
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('a name that sorts before an applied one is refused, also where its file is not here', async () => {
  await s.fleet.query(
    'shard2',
    `INSERT INTO pgveneer.ledger (scope, tenant, migration, checksum, state, step, applied_by)
     VALUES ('tenant', 'cyberdyne', '20990101000000000_elsewhere', '', 'applied', '', '')`,
  );
  await expect(s.run.create({ name: 'too early' })).rejects.toMatchObject({
    facts: { exitCode: 64 },
    message: expect.stringContaining('would sort before 20990101000000000_elsewhere'),
  });
  const later = await s.run.create({ name: '20990102000000000_later' });
  expect(later.file).toBe('migrations/20990102000000000_later.sql');
  await s.fleet.query('shard2', `DELETE FROM pgveneer.ledger WHERE migration LIKE '2099%'`);
});

test('a file that is there is never overwritten', async () => {
  const file = '20990103000000000_kept.sql';
  await s.fleet.writeMigration(file, 'SELECT 1');
  await expect(s.run.create({ name: '20990103000000000_kept' })).rejects.toMatchObject({
    facts: { exitCode: 64 },
  });
  await writeFile(`${s.fleet.dir}/file`, '');
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('./migrations', './file'));
  await expect(s.run.create({ name: '20990104000000000_x' })).rejects.toMatchObject({
    facts: { exitCode: 20 },
  });
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  expect(await read(`migrations/${file}`)).toBe('SELECT 1');
});

test('without a fleet it compares with the files alone, and says so; the folder of a scope is made', async () => {
  await s.fleet.writeConfig(
    bookstoreYaml(s.fleet.name).replace('${SHARD2_URL}', 'postgres://a:b@localhost:1/x'),
  );
  const report = await s.run.create({ name: '20990105000000000_x', scope: 'shard', language: 'ts' });
  expect(report.file).toBe('migrations/shard/20990105000000000_x.ts');
  expect(report.notices).toEqual([expect.stringContaining('not compared with the ledger of shard2')]);
  expect(await read(report.file)).toContain('MigrationBuilder');
});
