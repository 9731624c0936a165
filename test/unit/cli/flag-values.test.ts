import { expect, test } from '@jest/globals';
import { readInvocation } from '../../../src/cli/words/invocation.js';

test.each(['--dry-run=1', '--dry-run=yes', '--dry-run=0', '--dry-run=', '--json=3', '-y=1'])(
  'up %s is refused: what is no value of a switch would leave it off',
  async (word) => {
    await expect(readInvocation(['up', word])).rejects.toMatchObject({
      message: expect.stringMatching(/^--(dry-run|json|yes) takes no value, and is given "/),
      facts: { exitCode: 64 },
    });
  },
);

test.each([
  ['--dry-run', true],
  ['--dry-run=true', true],
  ['--dry-run=false', false],
])('up %s: %s', async (word, isSet) => {
  expect((await readInvocation(['up', word])).flags.isSet('dry-run')).toBe(isSet);
});

test('an option with a value takes whatever stands behind its sign', async () => {
  const { flags } = await readInvocation(['up', '--to=a=b', '--config=--json=3']);
  expect([flags.one('to'), flags.one('config')]).toEqual(['a=b', '--json=3']);
});
