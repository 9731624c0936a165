import { expect, test } from '@jest/globals';
import { readInvocation } from '../../../src/cli/words/invocation.js';
import { readVerb } from '../../../src/cli/verbs/verb.js';

const read = async (...argv: readonly string[]): Promise<unknown> => readVerb(await readInvocation(argv));

test.each([
  [['create'], 'needs a NAME'],
  [['create', 'a', 'b'], 'does not understand "b"'],
  [['create', 'a', '--sql', '--ts'], '--sql and --ts are two languages'],
  [['create', 'a', '--scope', 'fleet'], '--scope takes tenant, shard or veneer, not fleet'],
  [['baseline', '--to', '1_a', '--from', 'flyway'], '--to asks no table'],
  [['baseline', '--from', 'knex'], '--from takes pgmigrations or flyway, not knex'],
  [['ledger'], 'migrate ledger needs a command'],
  [['ledger', 'accept'], 'needs a NAME'],
  [['ledger', 'export', 'x'], 'does not understand "x"'],
  [['status', '--fail-on', 'bad'], '--fail-on takes a grade of drift: wrong-answers, error, writes-break'],
  [['plan', '--sql'], 'no option --sql; did you mean --sql-files?'],
])('migrate %j is refused', async (argv, message) => {
  await expect(read(...argv)).rejects.toMatchObject({
    message: expect.stringContaining(message),
    facts: { exitCode: 64 },
  });
});

test.each([
  [[], 'cosmetic'],
  [['--fail-on', 'wrong answers'], 'wrong answers'],
  [['--fail-on', 'writes-break'], 'writes break'],
])('status %j', async (argv, failOn) => {
  expect(await read('status', ...argv)).toMatchObject({ options: { failOn } });
});

test('what baseline tells to type next is what was typed, as a shell reads it', async () => {
  expect(await read('baseline', '--to', '1_a', '--tenant', "O'Brien *")).toMatchObject({
    options: { typed: String.raw`migrate baseline --to 1_a --tenant 'O'\''Brien *'`, yes: false },
  });
});
