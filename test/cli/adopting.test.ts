import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeBlocks, read, ROOT } from '../unit/docs/documents.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli } from '../support/run-cli.js';
import { bookstoreYaml } from '../support/test-project.js';
import type { TestFleet } from '../support/test-fleet.js';

const BLOCKS = codeBlocks(read('docs/adopting.md'));
const textOf = (language: string): string => BLOCKS.find((block) => block.language === language)?.text ?? '';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await freshFleet({ config: (name) => `${bookstoreYaml(name)}\n${textOf('yaml')}` });
  await symlink(`${ROOT}/node_modules`, `${fleet.dir}/node_modules`);
  await writeFile(`${fleet.dir}/migrate-all.mjs`, textOf('js'));
  await fleet.writeMigration(
    '20260105090000000_create-authors.sql',
    'CREATE TABLE authors (id serial PRIMARY KEY)',
  );
  await fleet.writeMigration(
    '20260105093000000_create-books.js',
    `exports.up = (pgm) => pgm.createTable('books', { id: 'id', author: { type: 'int', references: 'authors' } });`,
  );
});

afterAll(() => fleet.close());

interface Line {
  readonly words: string[];
  readonly exitCode: number;
}

const LINES = BLOCKS.filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trim().split('\n'))
  .map((line): Line => {
    const [command = '', remark = ''] = line.split('#');
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    return { words, exitCode: Number(/ends with (\d+)/.exec(remark)?.[1] ?? 0) };
  });

async function run({
  words: [program, ...args],
}: Line): Promise<{ readonly code: number | null; readonly output: string }> {
  if (program === 'migrate') {
    const { code, stdout, stderr } = await runCli(args, { cwd: fleet.dir });
    return { code, output: stdout + stderr };
  }
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: fleet.dir,
    env: { ...process.env, ...fleet.env },
  });
  return { code: 0, output: stdout };
}

test('docs/adopting.md takes a project that loops node-pg-migrate over tenants to this tool and back', async () => {
  expect(LINES.filter(({ words }) => words[0] === 'migrate').length).toBeGreaterThan(9);
  const books = `SELECT oid::text FROM pg_class WHERE relname = 'books' AND relkind = 'r' ORDER BY oid`;
  let before: unknown[] = [];
  for (const [index, line] of LINES.entries()) {
    const { code, output } = await run(line);
    expect({ line: line.words.join(' '), code, output }).toEqual({
      line: line.words.join(' '),
      code: line.exitCode,
      output,
    });
    if (index === 0) before = await fleet.query('shard2', books);
    if (index === LINES.length - 1) expect(output).toContain('No migrations to run');
  }
  expect(before).toHaveLength(2);
  expect(await fleet.query('shard2', books)).toEqual(before);
  const recorded = 'SELECT name FROM cyberdyne.pgmigrations ORDER BY run_on, id';
  expect((await fleet.query('shard2', recorded)).map(({ name }) => String(name).replace(/^\d+/, ''))).toEqual(
    ['_create-authors', '_create-books', '_add-isbn'],
  );
  await fleet.query('veneer', 'SELECT author FROM cyberdyne.books', 'app');
});
