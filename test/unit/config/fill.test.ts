import { expect, test } from '@jest/globals';
import { fill } from '../../../src/config/text/fill.js';

const VARIABLES = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['PASSWORD_SHARD_1', `it's "#1" \${A} {shard} $\${A}\nsecond line`],
  ['O_BRIEN__X_', 'quoted'],
  ['K_LN', 'ascii only'],
]);
const ENVIRONMENT = { variables: VARIABLES, file: '.env', problems: [] };
const NAMES = { shard: 'shard-1', tenant: `o'brien "x"` };

test.each([
  ['plain', 'plain'],
  ['{shard}.internal', 'shard-1.internal'],
  ['${A}', 'one'],
  ['<${A}${A}>', '<oneone>'],
  ['${PASSWORD_{shard}}', `it's "#1" \${A} {shard} $\${A}\nsecond line`],
  ['${{tenant}}', 'quoted'],
  ['${NONE:-fallback}', 'fallback'],
  ['${EMPTY:-fallback}', 'fallback'],
  ['${NONE:-}', ''],
  ['${A:-fallback}', 'one'],
  ['${NONE:-{shard}.internal}', 'shard-1.internal'],
  ['${NONE:-${A}}', 'one'],
  ['${NONE:-${ALSO_NONE:-deep}}!', 'deep!'],
  ['${NONE:-a:-b}', 'a:-b'],
  ['$${A}', '${A}'],
  ['$${PASSWORD_{shard}}', '${PASSWORD_shard-1}'],
  ['$A $ $$ {} { } {1} } ${A}$', '$A $ $$ {} { } {1} } one$'],
])('%j becomes %j', (text, expected) => {
  expect(fill(text, NAMES, ENVIRONMENT)).toEqual({ text: expected, problems: [] });
});

test('a name that is filled in is never read as a template', () => {
  const names = { tenant: '${A} {shard}', shard: '{tenant}' };
  expect(fill('{tenant}|{shard}', names, ENVIRONMENT).text).toBe('${A} {shard}|{tenant}');
});

test('only letters and digits of a name go into the name of a variable', () => {
  expect(fill('${{tenant}}', { tenant: 'köln' }, ENVIRONMENT).text).toBe('ascii only');
});

test.each([
  ['${NONE}', ['the variable NONE is not set (put NONE=... in .env or in the environment)']],
  ['${EMPTY}', ['the variable EMPTY is set but empty (put EMPTY=... in .env or in the environment)']],
  [
    '${PASSWORD_SHARD_2}',
    [
      'the variable PASSWORD_SHARD_2 is not set; did you mean PASSWORD_SHARD_1? (put PASSWORD_SHARD_2=... in .env or in the environment)',
    ],
  ],
  ['${X}${Y}', [expect.stringContaining('variable X '), expect.stringContaining('variable Y ')]],
  ['${A', ['a "${" without its "}" (a literal one is written "$${")']],
  ['${NONE:-{shard}', ['a "${" without its "}" (a literal one is written "$${")']],
  ['${}', ['expected the name of a variable inside "${}" (a literal "${" is written "$${")']],
  ['${A-b}', ['expected the name of a variable inside "${}" (a literal "${" is written "$${")']],
  ['${A${A}}', ['a "${" inside the name of a variable (a literal "${" is written "$${")']],
  ['{table}', ['unknown placeholder {table} (known here: {shard} {tenant})']],
  ['{toString}', ['unknown placeholder {toString} (known here: {shard} {tenant})']],
  ['${X_{tennant}}', ['unknown placeholder {tennant}; did you mean tenant? (known here: {shard} {tenant})']],
])('%j is refused', (text, problems) => {
  expect(fill(text, NAMES, ENVIRONMENT)).toEqual({ text: null, problems });
});
