import { expect, test } from '@jest/globals';
import { EXIT, type ExitCode, type Problem } from '../../../src/errors.js';
import { nextCommand, type Found } from '../../../src/report/next-command.js';

const problem = (exitCode: ExitCode, cure?: 'migrate setup'): Pick<Problem, 'exitCode' | 'cure'> =>
  cure === undefined ? { exitCode } : { exitCode, cure };

const lacking = problem(EXIT.failed, 'migrate setup');

const OWN = 'migrate up';

test.each<[string, Omit<Found, 'otherwise'>, string]>([
  ['nothing was found', { exitCode: EXIT.clean }, OWN],
  ['something else went wrong', { exitCode: EXIT.failed, problems: [problem(EXIT.failed)] }, OWN],
  ['a step is in doubt', { exitCode: EXIT.inDoubt }, 'migrate recover'],
  ['a problem lacks what setup makes', { exitCode: EXIT.failed, problems: [lacking] }, 'migrate setup'],
  ['setup was found to be needed', { exitCode: EXIT.drift, lacksSetup: true }, 'migrate setup'],
  ['somebody cannot be reached', { exitCode: EXIT.unreachable }, 'migrate status'],
  [
    'somebody cannot be reached, and the command is what asks again',
    { exitCode: EXIT.unreachable, unreachable: 'migrate tenant list' },
    'migrate tenant list',
  ],
  [
    'a step is in doubt, which a higher code hides',
    { exitCode: EXIT.unreachable, problems: [problem(EXIT.inDoubt), problem(EXIT.unreachable)] },
    'migrate recover',
  ],
  [
    'a step is in doubt, and setup is needed',
    { exitCode: EXIT.inDoubt, problems: [lacking], lacksSetup: true },
    'migrate recover',
  ],
  [
    'setup is needed, and somebody cannot be reached',
    { exitCode: EXIT.unreachable, problems: [problem(EXIT.unreachable), lacking] },
    'migrate setup',
  ],
])('where %s', (_, found, next) => {
  expect(nextCommand({ ...found, otherwise: OWN })).toBe(next);
});

test('words of a hint decide nothing', () => {
  const hinted = { ...problem(EXIT.failed), hint: 'migrate setup' };
  expect(nextCommand({ exitCode: EXIT.failed, problems: [hinted], otherwise: null })).toBeNull();
});
