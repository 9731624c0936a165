import { expect, test } from '@jest/globals';
import { load, problemsOf, SMALL } from './project.js';

const FLEET = `fleet: small
tenant:
  database: "{tenant}_db"
  role: "{tenant}_admin"
veneers:
  veneer:
    url: postgres://owner:pw@veneer.test:5432/app
    role: veneer_owner
shards:
  s1:
    url: postgres://owner:p%40w@s1.test:6001/postgres?sslmode=require
    tenants: [ada, bob]
  s2:
    url: postgres://owner:pw@s2.test:6002/postgres
roles:
  app:
    user: "{tenant}_app"
    password: \${PW_{tenant}:-none}
`;

test('a database per tenant: each is a member of its own, named after shard and tenant', async () => {
  const { shards, servers, tenantIs } = await load(FLEET, { env: { PW_ADA: 'of-ada' } });
  expect(tenantIs).toBe('database');
  expect(shards).toMatchObject([
    {
      name: 's1/ada',
      key: 's1',
      database: 'ada_db',
      setRole: 'ada_admin',
      server: { name: 'ada_server', options: { host: 's1.test', port: '6001', dbname: 'ada_db' } },
      tenants: [{ name: 'ada', shard: 's1', schema: 'ada' }],
    },
    { name: 's1/bob', key: 's1', database: 'bob_db', setRole: 'bob_admin', server: { name: 'bob_server' } },
  ]);
  expect(shards.map(({ url }) => url.reveal())).toEqual([
    'postgres://owner:p%40w@s1.test:6001/ada_db?sslmode=require',
    'postgres://owner:p%40w@s1.test:6001/bob_db?sslmode=require',
  ]);
  const mappings = shards.flatMap(({ userMappings }) => userMappings);
  expect(mappings.map(({ user, password }) => [user, password?.reveal()])).toEqual([
    ['ada_app', 'of-ada'],
    ['bob_app', 'none'],
  ]);
  // A server without tenants has no member, and is known all the same: a tenant may be added there.
  expect([...servers.keys()]).toEqual(['s1', 's2']);
});

test('a role of a veneer, and of all tenants of a shard', async () => {
  const yaml = SMALL.replace('roles:', 'tenant: { role: "owner_of_{shard}" }\nroles:');
  const config = await load(yaml.replace('  veneer:', '  veneer:\n    role: veneer_owner'));
  expect(config.veneers[0]?.setRole).toBe('veneer_owner');
  expect(config.shards.map(({ setRole }) => setRole)).toEqual(['owner_of_s1', 'owner_of_s2']);
});

test('in databases of their own, tenants may have one schema, and are not confused by it', async () => {
  const yaml = FLEET.replace('  role: "{tenant}_admin"', '  schema: public');
  const shown = yaml.replace(
    'roles:',
    'expose: [{ from: public.entities, as: "public.{tenant}_entities" }]\nroles:',
  );
  expect((await load(shown)).shards.map(({ tenants }) => tenants[0]?.schema)).toEqual(['public', 'public']);
  const colliding = yaml.replace('roles:', 'expose: [{ from: public.entities, as: all.entities }]\nroles:');
  expect(await problemsOf(colliding)).toEqual([
    'shards.yaml:15:39 expose[0].as: several tenants would be shown under one name; put {tenant} into it',
  ]);
});

/** [the text to replace in FLEET, its replacement, what the one problem begins with] */
const WRONG: readonly (readonly [string, string, string])[] = [
  ['"{tenant}_db"', 'all', '3:13 tenant.database: tenants ada and bob would share one database'],
  ['{tenant}_db', '{table}', '3:13 tenant.database: unknown placeholder {table}'],
  [
    'tenants: [ada, bob]',
    'server: { name: one }\n    tenants: [ada, bob]',
    '12:21 shards.s1.server.name: the server name one is taken by tenant ada; put {tenant} into it',
  ],
  [
    'tenants: [ada, bob]',
    'server: { dbname: one }\n    tenants: [ada, bob]',
    '12:23 shards.s1.server.dbname: each tenant has a database of its own',
  ],
  [
    'veneers:\n',
    'veneers:\n  s1: {}\n',
    '6:3 veneers.s1: s1 holds a database per tenant, and a veneer is one database',
  ],
  ['veneer.test:5432/app', 's1.test:6001/bob_db', '7:10 veneers.veneer.url: the same database as shards.s1'],
];

test.each(WRONG)('%j as %j is one problem', async (from, to, says) => {
  expect(FLEET).toContain(from);
  const problems = await problemsOf(FLEET.replace(from, () => to));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`shards.yaml:${says}`);
});

test.each([
  ['app_user', '"{tenant}_user"', '14:11 roles.app.user'],
  ['app-password', '${PW_{tenant}}', '15:15 roles.app.password'],
  ['roles:', 'tenant: { role: "{tenant}_admin" }\nroles:', '12:17 tenant.role'],
  ['roles:', 'server: { name: "{tenant}" }\nroles:', '12:17 server.name'],
])('where tenants share a database, %j as %j is refused by name', async (from, to, place) => {
  const problems = await problemsOf(SMALL.replace(from, () => to));
  expect(problems).toEqual([
    `shards.yaml:${place}: this may differ by tenant only where each has a database of its own (tenant.database); else by {shard}`,
  ]);
});
