import { expect, test } from '@jest/globals';
import { problemsOf, SMALL } from './project.js';

const SECRET = 'hunter2';

/** [what, the text of the file, the places and words of its problems] */
const CASES: readonly (readonly [string, string, readonly RegExp[]])[] = [
  ['a bracket that is not closed', 'fleet: [a\nshards: {}\n', [/^shards.yaml:2:\d+ no valid YAML: /]],
  ['a quote that is not closed', 'fleet: "a\n', [/^shards.yaml:2:1 no valid YAML: Missing closing "quote/]],
  ['a tab', 'fleet: a\nshards:\n\ts1: {}\n', [/^shards.yaml:3:1 no valid YAML: Tabs/]],
  ['a key twice', 'fleet: a\nfleet: b\n', [/^shards.yaml:2:1 the same key a second time in one map$/]],
  ['a shard twice', SMALL.replace('  s2:', () => '  s1:'), [/^shards.yaml:9:3 the same key a second time/]],
  ['two documents', `${SMALL}---\nfleet: b\n`, [/^shards.yaml:17:1 a second YAML document/]],
  ['a tag', 'fleet: !vault a\n', [/^shards.yaml:1:8 a YAML tag \(!name\), which means nothing here/]],
  ['an alias without its anchor', 'fleet: *a\n', [/^shards.yaml:1:8 an alias \(\*name\) without its anchor/]],
  ['two errors', 'fleet: @a\nmigrations: `b\n', [/^shards.yaml:1:8 /, /^shards.yaml:2:13 /]],
];

test.each(CASES)('%s', async (_, yaml, expected) => {
  const problems = await problemsOf(yaml);
  const here = expected.map((pattern) => expect.stringMatching(pattern));
  expect(problems).toEqual(expect.arrayContaining(here));
});

test('aliases that multiply without end', async () => {
  const levels = 'bcdefghi'.split('').map((key, index) => {
    const above = String.fromCharCode(key.charCodeAt(0) - 1);
    return `${key}: &${key} [${Array.from({ length: 10 }, () => `*${above}`).join(', ')}] # ${index}`;
  });
  expect(await problemsOf(`a: &a [x]\n${levels.join('\n')}\n`)).toEqual([
    expect.stringMatching(/^shards.yaml:1:1 Excessive alias count/),
  ]);
});

test.each([
  `url: [postgres://o:${SECRET}@h/d\n`,
  `url: "postgres://o:\\${SECRET}@h/d"\n`,
  `url: postgres://o"${SECRET}" "x": y\n`,
  `url: "postgres://o" ${SECRET}\n`,
  `url: 'o'${SECRET}\n`,
  `url: @${SECRET}\n`,
  `url: &${SECRET} *${SECRET}\n`,
  `url: !${SECRET} x\n`,
  `url: *${SECRET}\n`,
  `url: |${SECRET}\n  x\n`,
  `%${SECRET}\n---\nurl: x\n`,
  `url: postgres\n  password: ${SECRET}\n x: ]${SECRET}\n`,
  `{ url: x, postgres://o:${SECRET}@h/d }\n`,
  `${SMALL}postgres://o:${SECRET}@h/d: 1\n`,
])('no syntax error quotes the text: %#', async (yaml) => {
  const problems = await problemsOf(yaml);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join('\n')).not.toContain(SECRET);
});
