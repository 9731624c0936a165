import path from 'node:path';
import { expect, test } from '@jest/globals';
import { Secret } from '../../../src/secret.js';
import { load, SMALL } from './project.js';

test('defaults', async () => {
  const config = await load(SMALL);
  expect(config).toMatchObject({
    fleet: 'small',
    migrations: path.join(path.dirname(config.file), 'migrations'),
    veneers: [{ name: 'veneer' }],
    roles: [{ name: 'app', grant: ['select'] }],
    expose: [{ from: '{schema}.{table}', as: '{tenant}.{table}', except: [] }],
    extensions: [],
    rollout: {
      canary: [],
      concurrency: 4,
      lockWaitMs: 2000,
      lockHoldMs: 30_000,
      batch: 'auto',
      atomic: null,
      onError: 'stop',
      retries: 10,
      analyze: 'new',
    },
    policy: { outOfOrder: 'refuse', writes: 'warn', rewrites: 'fence' },
  });
  expect(config.shards.map(({ name, server }) => [name, server])).toEqual([
    ['s1', { name: 's1_server', options: { host: 's1.test', port: '6001', dbname: 'app' } }],
    ['s2', { name: 's2_server', options: { host: 's2.test', port: '6002', dbname: 'app' } }],
  ]);
  expect(config.shards[0]?.tenants).toEqual([
    { name: 'ada', shard: 's1', schema: 'ada' },
    { name: 'bob', shard: 's1', schema: 'bob' },
  ]);
});

test('urls and passwords are secrets', async () => {
  const config = await load(SMALL);
  const secrets = [
    config.veneers[0]?.url,
    config.shards[0]?.url,
    config.shards[0]?.userMappings[0]?.password,
  ];
  expect(secrets.map((secret) => secret instanceof Secret)).toEqual([true, true, true]);
  expect(secrets.map((secret) => secret?.reveal())).toEqual([
    'postgres://owner:pw@veneer.test:5432/app',
    'postgres://owner:pw@s1.test:6001/app',
    'app-password',
  ]);
  expect(JSON.stringify(config)).not.toMatch(/pw@|app-password/);
});

test('a role without a password and without privileges', async () => {
  const config = await load(SMALL.replace('    password: app-password\n    grant: [select]\n', ''));
  expect(config.roles).toEqual([{ name: 'app', grant: [] }]);
  expect(config.shards[0]?.userMappings).toEqual([{ role: 'app', user: 'app_user', password: null }]);
});

test('server options: the url, under those for all, under those of the shard; numbers and booleans as text', async () => {
  const yaml = SMALL.replace(
    'shards:',
    'server: { host: all, fetch_size: 1000, use_remote_estimate: true }\nshards:',
  ).replace(
    'tenants: [eve]',
    'tenants: [eve]\n    server: { name: "{shard}!", host: "{shard}.inside", port: 29948, fetch_size: 5 }',
  );
  const { shards } = await load(yaml);
  expect(shards.map(({ server }) => server)).toEqual([
    {
      name: 's1_server',
      options: { host: 'all', port: '6001', dbname: 'app', fetch_size: '1000', use_remote_estimate: 'true' },
    },
    {
      name: 's2!',
      options: {
        host: 's2.inside',
        port: '29948',
        dbname: 'app',
        fetch_size: '5',
        use_remote_estimate: 'true',
      },
    },
  ]);
});

test.each([
  ['postgresql://u@h/d', { host: 'h', port: '5432', dbname: 'd' }],
  ['postgres://u:p%40%2F%23@h:1/my%20db?sslmode=require', { host: 'h', port: '1', dbname: 'my db' }],
  ['postgres://u@[::1]:7/d', { host: '::1', port: '7', dbname: 'd' }],
  ['postgres:///d?host=/var/run/postgresql&port=8', { host: '/var/run/postgresql', port: '8', dbname: 'd' }],
])('the address in %s', async (url, options) => {
  const { shards } = await load(SMALL.replace('postgres://owner:pw@s1.test:6001/app', () => url));
  expect(shards[0]?.server.options).toEqual(options);
});

test('placeholders and variables in urls, users, passwords, tenants and schemas', async () => {
  const yaml = SMALL.replace('postgres://owner:pw@s1.test:6001/app', '${URL_{shard}}')
    .replace('app_user', 'app_{shard}')
    .replace('app-password', '${PW_{shard}}')
    .replace('[eve]', '["${GUEST}"]')
    .replace('roles:', 'tenant: { schema: "t_{tenant}_{shard}" }\nroles:');
  const env = { URL_S1: 'postgres://o:x@h/d', PW_S1: 'a{shard}${b}', PW_S2: 'second', GUEST: 'gil' };
  const { shards } = await load(yaml, { env });
  expect(shards.map(({ url }) => url.reveal())).toEqual([
    'postgres://o:x@h/d',
    'postgres://owner:pw@s2.test:6002/app',
  ]);
  expect(
    shards.map(({ userMappings }) => [userMappings[0]?.user, userMappings[0]?.password?.reveal()]),
  ).toEqual([
    ['app_s1', 'a{shard}${b}'],
    ['app_s2', 'second'],
  ]);
  expect(shards[1]?.tenants).toEqual([{ name: 'gil', shard: 's2', schema: 't_gil_s2' }]);
});

test('a tenant may have any name', async () => {
  const name = `O'Brien "x"; drop table y --`;
  const { shards } = await load(SMALL.replace('[eve]', () => `[${JSON.stringify(name)}]`));
  expect(shards[1]?.tenants).toEqual([{ name, shard: 's2', schema: name }]);
});

test('shards keep the order of the file, also where their names are numbers; veneers are ordered by name', async () => {
  const yaml = SMALL.replace('  s1:', '  20:')
    .replace('  s2:', '  3:')
    .replace('veneers:', 'veneers:\n  xray: { url: postgres://o@x.test/app }');
  const { shards, veneers } = await load(yaml);
  expect(shards.map(({ name }) => name)).toEqual(['20', '3']);
  expect(veneers.map(({ name }) => name)).toEqual(['veneer', 'xray']);
});

test('expose, rollout, policy', async () => {
  const yaml = `${SMALL}expose:
  - { from: "{schema}.{table}", as: "{tenant}_{shard}.{schema}_{table}", except: ["audit_*"] }
  - { from: "{schema}.books" }
rollout: { canary: [s2, s2], concurrency: 2, lock_wait: 500ms, lock_hold: 1m, retries: 0, analyze: changed, batch: auto, on_error: stop }
policy: { out_of_order: allow, writes: warn, rewrites: fence }
extensions: []
`;
  expect(await load(yaml)).toMatchObject({
    expose: [
      { from: '{schema}.{table}', as: '{tenant}_{shard}.{schema}_{table}', except: ['audit_*'] },
      { from: '{schema}.books', as: '{schema}.books', except: [] },
    ],
    rollout: {
      canary: ['s2'],
      concurrency: 2,
      lockWaitMs: 500,
      lockHoldMs: 60_000,
      batch: 'auto',
      atomic: null,
      onError: 'stop',
      retries: 0,
      analyze: 'changed',
    },
    policy: { outOfOrder: 'allow', writes: 'warn', rewrites: 'fence' },
  });
});
