import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli, type CliResult } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

beforeAll(async () => {
  fleet = await freshFleet();
  await fleet.writeMigration('1_a.sql', 'CREATE TABLE books (id int PRIMARY KEY)');
  expect(await cli('setup')).toMatchObject({ code: 0 });
  expect(await cli('up')).toMatchObject({ code: 0 });
});

afterAll(() => fleet.close());

test('a relation is told as text and as JSON, with the exit code of status', async () => {
  expect(await cli('why', 'cyberdyne.books')).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^cyberdyne\.books {2}on veneer {2}shown, and what the shard has\n/),
  });
  await fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD a int');
  const [text, json] = [await cli('why', 'cyberdyne.books'), await cli('why', 'cyberdyne.books', '--json')];
  expect([text.code, json.code, text.stdout.split('\n').at(-2)]).toEqual([11, 11, 'next: migrate sync']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    command: 'why',
    exitCode: 11,
    next: 'migrate sync',
    relations: [{ state: 'differs', drift: [{ object: 'cyberdyne.books.a' }] }],
  });
  expect(text.stdout + json.stdout).not.toMatch(/sample-/);
});

test.each([
  [['why'], 'migrate why needs a NAME'],
  [['why', 'a', 'b'], 'does not understand "b"'],
  [['why', 'cyberdyne.boks'], 'did you mean cyberdyne.books?'],
  [['why', 'books'], 'give it with its schema: bluth_co.books, cyberdyne.books'],
])('%j is refused', async (args, message) => {
  const json = await cli(...args, '--json');
  expect(await cli(...args)).toMatchObject({
    code: 64,
    stdout: '',
    stderr: expect.stringContaining(message),
  });
  expect([json.code, json.stderr]).toEqual([64, '']);
  expect(JSON.parse(json.stdout)).toMatchObject({ exitCode: 64, problems: [{}] });
});
