import { expect, test } from '@jest/globals';
import { load, problemsOf, SMALL } from './project.js';

const rule = (text: string): string => SMALL.replace('roles:', () => `expose: [{ ${text} }]\nroles:`);

test('variables are filled in once, words stay, also those of a default', async () => {
  const yaml = rule(
    'from: "${SOURCE:-{schema}}.{kind}_${SUFFIX}", as: "{tenant}.${PREFIX:-{kind}}_x", except: ["${HIDDEN:-{kind}_*}", "${MORE}"]',
  );
  const { expose } = await load(yaml, { env: { SUFFIX: 'a', MORE: 'audit_*' } });
  expect(expose).toMatchObject([
    { from: '{schema}.{kind}_a', as: '{tenant}.{kind}_x', except: ['{kind}_*', 'audit_*'] },
  ]);
  const given = await load(yaml, {
    env: { SUFFIX: 'b', MORE: 'm', SOURCE: 'public', PREFIX: 'p', HIDDEN: 'h?' },
  });
  expect(given.expose).toMatchObject([{ from: 'public.{kind}_b', as: '{tenant}.p_x', except: ['h?', 'm'] }]);
});

test('the parent of a partition may hold a variable', async () => {
  const yaml = rule('from: "{schema}.x", partition_of: "${PARENTS}.{tenant}", bounds: DEFAULT');
  expect((await load(yaml, { env: { PARENTS: 'shared' } })).expose[0]?.partition).toEqual({
    of: 'shared.{tenant}',
    bounds: 'DEFAULT',
  });
});

test.each([
  [
    'from: "{schema}.${X}", as: "{tenant}.x"',
    {},
    '12:18 expose[0].from: the variable X is not set (put X=... in .env or in the environment)',
  ],
  [
    'from: "{schema}.${X}", as: "{tenant}.x"',
    { X: 'a.b' },
    '12:18 expose[0].from: expected schema.relation: a schema, one dot, a relation',
  ],
  [
    'from: "{schema}.x", as: "{tenant}.${X}"',
    { X: 's3cret{tenant}' },
    '12:36 expose[0].as: the variable X brings a {, } or $, which would be read as part of the rule',
  ],
  [
    'from: "{schema}.${X_{shard}}"',
    { X_S1: 'a' },
    '12:18 expose[0].from: a rule is one for all shards: the name of a variable in it may not differ by a {placeholder}',
  ],
  ['from: "{schema}.a$${b}"', {}, '12:18 expose[0].from: a name with "${" in it cannot be meant by a rule'],
  [
    'from: "{schema}.{kind}_x", except: ["{kin}_*"]',
    {},
    '12:48 expose[0].except[0]: unknown placeholder {kin}; did you mean kind? (known here: {tenant} {shard} {schema} {table} {kind})',
  ],
  [
    'from: "{schema}.x", except: ["${NOT_THERE}"]',
    {},
    '12:41 expose[0].except[0]: the variable NOT_THERE is not set (put NOT_THERE=... in .env or in the environment)',
  ],
  [
    'from: "{schema}.x", partition_of: a.b, bounds: "IN (${X}, {tenant})"',
    { X: '1' },
    '12:59 expose[0].bounds: bounds are SQL, and no variable is filled in; write the value itself',
  ],
])('%s with %j', async (text, env, problem) => {
  const problems = await problemsOf(rule(text), { env });
  expect(problems).toEqual([`shards.yaml:${problem}`]);
  expect(problems.join()).not.toContain('s3cret');
});

test('several tenants with the same bounds under one parent are refused, whatever these are', async () => {
  const partition = 'from: "{schema}.x", as: "{tenant}.x", partition_of: "a.b';
  for (const bounds of ['DEFAULT', "IN ('x')"])
    expect(await problemsOf(rule(`${partition}", bounds: "${bounds}"`))).toEqual([
      expect.stringMatching(
        /^shards\.yaml:12:\d+ expose\[0\]\.bounds: the partitions of ada and bob would have the same bounds; put \{tenant\} into them$/,
      ),
    ]);
  expect(await problemsOf(rule(`${partition}", bounds: "IN ({tenant})"`))).toEqual([]);
  expect(await problemsOf(rule(`${partition}_{tenant}", bounds: DEFAULT`))).toEqual([]);
});
