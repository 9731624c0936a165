import { expect, test } from '@jest/globals';
import { problemsOf, SMALL } from './project.js';

const LONG = 'x'.repeat(64);

/** [what, the text to replace in SMALL, its replacement, the problems] */
const CASES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'a number for a url',
    'postgres://owner:pw@s1.test:6001/app',
    '12',
    ['shards.yaml:7:10 shards.s1.url: expected a url, got a number'],
  ],
  [
    'nothing for a url',
    'postgres://owner:pw@s1.test:6001/app',
    '',
    ['shards.yaml:7:5 shards.s1.url: expected a url, got nothing'],
  ],
  [
    'a missing url of a shard',
    '    url: postgres://owner:pw@s2.test:6002/app\n',
    '',
    ['shards.yaml:9:3 shards.s2.url: expected a url, but it is missing'],
  ],
  [
    'a missing url of a veneer',
    'veneer:\n    url: postgres://owner:pw@veneer.test:5432/app',
    'veneer: {}',
    ['shards.yaml:3:3 veneers.veneer.url: expected a url, but it is missing'],
  ],
  [
    'a url that is none',
    'postgres://owner:pw@s1.test:6001/app',
    's1.test',
    [
      expect.stringMatching(
        /^shards.yaml:7:10 shards.s1.url: expected a url like postgres:\/\/.*, got another text/,
      ) as unknown as string,
    ],
  ],
  [
    'a url of another kind',
    'postgres://owner:pw@s1',
    'mysql://owner:pw@s1',
    [
      expect.stringMatching(
        /^shards.yaml:7:10 shards.s1.url: expected a url like postgres:\/\/.*, got another kind of url$/,
      ) as unknown as string,
    ],
  ],
  [
    'a url without a database',
    's1.test:6001/app',
    's1.test:6001',
    [
      expect.stringContaining(
        'shards.yaml:7:10 shards.s1.url: a url without a database',
      ) as unknown as string,
    ],
  ],
  [
    'a url without a host',
    'owner:pw@s1.test:6001/app',
    '/app',
    [expect.stringContaining('shards.yaml:7:10 shards.s1.url: a url without a host') as unknown as string],
  ],
  [
    'a bare % in a url',
    'owner:pw@s1',
    'owner:p%w@s1',
    [
      expect.stringContaining(
        'shards.yaml:7:10 shards.s1.url: a % that begins no percent-encoding',
      ) as unknown as string,
    ],
  ],
  [
    'an unknown key',
    'fleet: small',
    'fleet: small\ntennant: {}',
    ['shards.yaml:2:1 tennant: unknown key tennant; did you mean tenant?'],
  ],
  [
    'an unknown key far from any',
    '    grant: [select]',
    '    grant: [select]\n    colour: red',
    ['shards.yaml:17:5 roles.app.colour: unknown key colour; known here: user, password, grant'],
  ],
  [
    'an unknown key below a shard',
    '    tenants: [eve]',
    '    tennants: [eve]',
    ['shards.yaml:11:5 shards.s2.tennants: unknown key tennants; did you mean tenants?'],
  ],
  [
    'an unknown word',
    '[select]',
    '[selct]',
    ['shards.yaml:16:13 roles.app.grant[0]: expected select, insert, update or delete, got another text'],
  ],
  [
    'a map for a list',
    '[eve]',
    '{ eve: 1 }',
    ['shards.yaml:11:14 shards.s2.tenants: expected a list of tenants, got a map'],
  ],
  [
    'a number for a tenant',
    '[eve]',
    '[7]',
    [
      'shards.yaml:11:15 shards.s2.tenants[0]: expected the name of a tenant (numbers and true, false, null in quotes), got a number',
    ],
  ],
  [
    'a list for the tenants of the fleet',
    'fleet: small',
    'fleet: small\ntenants: [ada]',
    [
      'shards.yaml:2:10 tenants: expected a map with query and url (a list of tenants stands under its shard), got a list',
    ],
  ],
  [
    'a missing fleet name',
    'fleet: small\n',
    '',
    ['shards.yaml:1:1 fleet: expected the name of the fleet, but it is missing'],
  ],
  [
    'a fleet name that no gid can hold',
    'fleet: small',
    'fleet: a:b',
    ['shards.yaml:1:8 fleet: expected a name of letters, digits, _ - and . with 63 characters at most'],
  ],
  [
    'a tenant on two shards',
    '[eve]',
    '[ada]',
    [
      'shards.yaml:11:15 shards.s2.tenants[0]: tenant ada stands on two shards, s1 (line 8) and s2; a tenant lives on exactly one',
    ],
  ],
  [
    'a tenant twice in one list',
    '[ada, bob]',
    '[ada, bob, ada]',
    ['shards.yaml:8:25 shards.s1.tenants[2]: tenant ada stands twice on shard s1 (first in line 8)'],
  ],
  [
    'two tenants in one schema',
    'fleet: small',
    'fleet: small\ntenant: { schema: public }',
    [
      'shards.yaml:9:20 shards.s1.tenants[1]: tenants ada and bob would share the schema public on shard s1; put {tenant} into tenant.schema',
    ],
  ],
  [
    'an empty tenant name',
    '[eve]',
    '[""]',
    [
      'shards.yaml:11:15 shards.s2.tenants[0]: expected the name of a tenant (numbers and true, false, null in quotes), got another text',
    ],
  ],
  [
    'a tenant name of 64 bytes',
    '[eve]',
    `[${LONG}]`,
    [
      `shards.yaml:11:15 shards.s2.tenants[0]: the schema of tenant ${LONG} has 64 bytes; PostgreSQL takes 63 at most`,
    ],
  ],
  [
    'a schema of PostgreSQL',
    '[eve]',
    '[pg_eve]',
    [
      'shards.yaml:11:15 shards.s2.tenants[0]: the schema of tenant pg_eve would be one that belongs to PostgreSQL',
    ],
  ],
  [
    'a schema of ours',
    '[eve]',
    '[pgveneer]',
    [
      'shards.yaml:11:15 shards.s2.tenants[0]: the schema of tenant pgveneer would be one that belongs to pg-veneer',
    ],
  ],
  [
    'a server name twice',
    '    tenants: [eve]',
    '    tenants: [eve]\n    server: { name: s1_server }',
    [
      'shards.yaml:12:21 shards.s2.server.name: the server name s1_server is taken by shard s1; every shard needs its own',
    ],
  ],
  [
    'a server name for all',
    'fleet: small',
    'fleet: small\nserver: { name: one }',
    ['shards.yaml:2:17 server.name: the server name one is taken by shard s1; every shard needs its own'],
  ],
  [
    'a default server name that is taken',
    '    tenants: [ada, bob]',
    '    tenants: [ada, bob]\n    server: { name: s2_server }',
    ['shards.yaml:10:3 shards.s2: the server name s2_server is taken by shard s1; every shard needs its own'],
  ],
  [
    'a server name of 64 bytes',
    '    tenants: [eve]',
    `    tenants: [eve]\n    server: { name: ${LONG} }`,
    [
      'shards.yaml:12:21 shards.s2.server.name: the server name of shard s2 has 64 bytes; PostgreSQL takes 63 at most',
    ],
  ],
  [
    'a password as a server option',
    '    tenants: [eve]',
    '    tenants: [eve]\n    server: { password: x }',
    [
      'shards.yaml:12:15 shards.s2.server.password: password is no option of a server; users and passwords stand under roles',
    ],
  ],
  [
    'a port that is none',
    '    tenants: [eve]',
    '    tenants: [eve]\n    server: { port: 65536 }',
    ['shards.yaml:12:21 shards.s2.server.port: expected a port, a whole number from 1 to 65535'],
  ],
  [
    'a list as a server option',
    '    tenants: [eve]',
    '    tenants: [eve]\n    server: { host: [a] }',
    ['shards.yaml:12:21 shards.s2.server.host: expected a text, a number, true or false, got a list'],
  ],
  [
    'two shards on one database',
    's2.test:6002',
    'S1.test:6001',
    ['shards.yaml:10:10 shards.s2.url: the same database as shards.s1 (line 7); a database is one member'],
  ],
  [
    'veneer and shard on one database',
    'veneer.test:5432',
    's1.test:6001',
    [
      'shards.yaml:4:10 veneers.veneer.url: the same database as shards.s1 (line 7); a database is one member',
    ],
  ],
  [
    'no shards',
    SMALL.slice(SMALL.indexOf('shards:'), SMALL.indexOf('roles:')),
    'shards: {}\n',
    ['shards.yaml:5:9 shards: an empty fleet: expected at least one shard'],
  ],
  [
    'a canary that is no shard',
    'roles:',
    'rollout: { canary: [s3] }\nroles:',
    ['shards.yaml:12:21 rollout.canary[0]: no shard of this fleet is called s3; did you mean s1?'],
  ],
  ['a role without a name', '  app:', '  "":', ['shards.yaml:13:3 roles[""]: a role without a name']],
  ['a shard without a name', '  s2:', '  "":', ['shards.yaml:9:3 shards[""]: a shard without a name']],
  [
    'a role without a user',
    '    user: app_user\n',
    '',
    ['shards.yaml:13:3 roles.app.user: expected the name of a user on the shard, but it is missing'],
  ],
  [
    'an expose pattern without a dot',
    'roles:',
    'expose: [{ from: "{tenant}_{table}" }]\nroles:',
    ['shards.yaml:12:18 expose[0].from: expected schema.relation: a schema, one dot, a relation'],
  ],
  [
    'a view over all tenants that each tenant would name otherwise',
    'roles:',
    'expose: [{ from: "{schema}.{table}", as: "{tenant}.{table}", union: "all.{tenant}" }]\nroles:',
    [
      'shards.yaml:12:69 expose[0].union: a view over all tenants has one name for all of them, without {tenant}',
    ],
  ],
  [
    'a view over all tenants with a word that from does not have',
    'roles:',
    'expose: [{ from: "{schema}.{table}", as: "{tenant}.{table}", union: "all.{kind}" }]\nroles:',
    [
      'shards.yaml:12:69 expose[0].union: unknown placeholder {kind} (known here: {tenant} {shard} {schema} {table})',
    ],
  ],
  [
    'a view over all tenants beside the partitioned table that is one',
    'roles:',
    'expose: [{ from: "{schema}.x", as: "{tenant}.x", partition_of: all.x, bounds: "IN ({tenant})", union: all.y }]\nroles:',
    ['shards.yaml:12:96 expose[0].union: the partitioned table shows all of them already; leave union out'],
  ],
  [
    'an expose pattern with two dots',
    'roles:',
    'expose: [{ from: "{schema}.{table}", as: "a.{tenant}.{table}" }]\nroles:',
    ['shards.yaml:12:42 expose[0].as: expected schema.relation: a schema, one dot, a relation'],
  ],
  [
    'an unknown placeholder in as',
    'roles:',
    'expose: [{ from: "{schema}.{table}", as: "{tenat}.{table}_{tenant}" }]\nroles:',
    [
      'shards.yaml:12:42 expose[0].as: unknown placeholder {tenat}; did you mean tenant? (known here: {tenant} {shard} {schema} {table})',
    ],
  ],
  [
    'tenants under one name',
    'roles:',
    'expose: [{ from: "{schema}.{table}", as: "all.{table}" }]\nroles:',
    ['shards.yaml:12:42 expose[0].as: several tenants would be shown under one name; put {tenant} into it'],
  ],
  [
    'no rules',
    'roles:',
    'expose: []\nroles:',
    [
      'shards.yaml:12:9 expose: expected at least one rule (left out: every relation, {schema}.{table} as {tenant}.{table}), got an empty list',
    ],
  ],
  [
    'an unknown placeholder',
    'user: app_user',
    'user: "{shrd}_user"',
    [
      'shards.yaml:14:11 roles.app.user: unknown placeholder {shrd}; did you mean shard? (known here: {shard})',
    ],
  ],
  [
    'a placeholder where there is none',
    '@veneer.test',
    '@{shard}.test',
    ['shards.yaml:4:10 veneers.veneer.url: unknown placeholder {shard} (there is none to fill in here)'],
  ],
  [
    'no concurrency',
    'roles:',
    'rollout: { concurrency: 0, retries: 1.5 }\nroles:',
    [
      'shards.yaml:12:25 rollout.concurrency: expected a whole number from 1 on, got another number',
      'shards.yaml:12:37 rollout.retries: expected a whole number from 0 on, got another number',
    ],
  ],
  [
    'no map at all',
    SMALL,
    '- a\n- b\n',
    ['shards.yaml:1:1 expected a map with fleet, veneers, shards and roles, got a list'],
  ],
  [
    'an empty file',
    SMALL,
    '# nothing\n',
    ['shards.yaml:1:1 expected a map with fleet, veneers, shards and roles, got nothing'],
  ],
];

test.each(CASES)('%s', async (_, from, to, problems) => {
  expect(SMALL).toContain(from);
  const found = await problemsOf(SMALL.replace(from, () => to));
  expect([...found].toSorted()).toEqual([...problems].toSorted());
});

test.each(['2', '2 s', '2sec', '-1s', '0s', '1.5s', '25h', '99999999999ms', ''])(
  '%j is no duration',
  async (text) => {
    const yaml = SMALL.replace('roles:', () => `rollout: { lock_wait: ${JSON.stringify(text)} }\nroles:`);
    expect(await problemsOf(yaml)).toEqual([
      'shards.yaml:12:23 rollout.lock_wait: expected a duration such as 500ms, 2s or 1m, above zero and at most 24h, got another text',
    ]);
  },
);

test('no tenants on any shard', async () => {
  expect(await problemsOf(SMALL.replace('[ada, bob]', '[]').replace('    tenants: [eve]\n', ''))).toEqual([
    'shards.yaml:5:1 shards: an empty fleet: expected at least one tenant under shards.<name>.tenants',
  ]);
});

test('a shard without tenants is none of the problems while another has some', async () => {
  expect(await problemsOf(SMALL.replace('[eve]', '[]'))).toEqual([]);
});

test('the whole file at once: misfits, missing variables, duplicates and what a rule may not say, in its order', async () => {
  const yaml = SMALL.replace('fleet: small', 'fleet: 7\ntennants: 1')
    .replace('postgres://owner:pw@s1.test:6001/app', '${S1_URL}')
    .replace('[eve]', '[ada]')
    .replace('roles:', 'expose: [{ from: "{schema}.x", union: "a.{tenant}" }]\nroles:');
  expect((await problemsOf(yaml)).map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
    'shards.yaml:1:8 fleet: expected the',
    'shards.yaml:2:1 tennants: unknown key',
    'shards.yaml:8:10 shards.s1.url: the variable',
    'shards.yaml:12:15 shards.s2.tenants[0]: tenant ada',
    'shards.yaml:13:39 expose[0].union: a view',
  ]);
});

test('a place reached through an alias is where the anchor is', async () => {
  const yaml = SMALL.replace('[ada, bob]', '&list [ada, bob]').replace('[eve]', '*list');
  expect(await problemsOf(yaml)).toEqual([
    'shards.yaml:8:21 shards.s2.tenants[0]: tenant ada stands on two shards, s1 (line 8) and s2; a tenant lives on exactly one',
    'shards.yaml:8:26 shards.s2.tenants[1]: tenant bob stands on two shards, s1 (line 8) and s2; a tenant lives on exactly one',
  ]);
});

test('veneers of the wrong kind are one problem, not also missing', async () => {
  const yaml = SMALL.replace(/veneers:[^]*shards:/, 'veneers: 3\nshards:');
  expect(await problemsOf(yaml)).toEqual([
    'shards.yaml:2:10 veneers: expected a map from names to veneers, got a number',
  ]);
});
