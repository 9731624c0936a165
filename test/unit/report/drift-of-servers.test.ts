import { expect, test } from '@jest/globals';
import type { ShardConfig } from '../../../src/config/config.js';
import type { Drift } from '../../../src/report/drift/drift.js';
import {
  mappingDrift,
  mappingsOf,
  privilegeDrift,
  serverDrift,
  type MappingProbe,
} from '../../../src/report/drift/drift-of-servers.js';
import { Secret } from '../../../src/secret.js';
import { mappingStatements, serverStatements } from '../../../src/veneer/servers.js';

const shard: ShardConfig = {
  name: 'shard1',
  key: 'shard1',
  database: null,
  url: new Secret('postgres://x'),
  setRole: null,
  server: { name: 'shard1_server', options: { host: 'h', port: '5432', dbname: 'd' } },
  tenants: [],
  userMappings: [{ role: 'app', user: 'u', password: new Secret('hush') }],
};

const server = (options: Readonly<Record<string, string>>) => ({
  name: 'shard1_server',
  wrapper: 'postgres_fdw',
  options,
});

test('a server that is missing, the same, or other than shards.yaml says', () => {
  expect(serverDrift('v', shard, undefined)).toMatchObject([
    { kind: 'server', grade: 'error', cure: 'migrate setup' },
  ]);
  expect(serverDrift('v', shard, server(shard.server.options))).toEqual([]);
  const other = server({ host: 'h', port: '1', dbname: 'd', fetch_size: '9' });
  expect(serverDrift('v', shard, other).map(({ object, text }) => [object, text])).toEqual([
    ['server shard1_server, option port', '1 on the veneer, 5432 in shards.yaml'],
    ['server shard1_server, option fetch_size', '9 on the veneer, not set in shards.yaml'],
  ]);
  expect(serverStatements(shard, other)[0]?.sql).toBe(
    `ALTER SERVER "shard1_server" OPTIONS (SET "port" '5432', DROP "fetch_size")`,
  );
});

test('a user mapping that is missing, the same, other, or hidden from us', () => {
  const mapping = (options: Readonly<Record<string, string>> | null) => ({
    server: 'shard1_server',
    role: 'app',
    options,
  });
  const same = mapping({ user: 'u', password: 'hush' });
  const other = mapping({ user: 'u', password: 'old' });
  const drift = (
    present: readonly ReturnType<typeof mapping>[],
    works: MappingProbe['works'] = 'not probed',
  ): Drift[] =>
    mappingsOf('v', shard, present, [{ server: 'shard1_server', role: 'app', works, why: 'why' }]).flatMap(
      (one) => mappingDrift(one, 'shard1_server'),
    );
  expect(drift([])).toMatchObject([{ text: 'it does not exist' }]);
  expect(drift([same])).toEqual([]);
  expect(drift([mapping(null)])).toEqual([]);
  expect(drift([mapping(null)], 'yes')).toEqual([]);
  expect(drift([mapping(null)], 'no')).toMatchObject([
    { text: 'a read by it fails: why', cure: 'migrate setup' },
  ]);
  expect(drift([same], 'no')).toMatchObject([
    { grade: 'error', cure: expect.stringMatching(/^mend the role/) },
  ]);
  expect(drift([other])).toMatchObject([{ grade: 'error', cure: 'migrate setup' }]);
  expect(JSON.stringify(drift([other]))).not.toMatch(/hush|old/);
  expect(mappingsOf('v', shard, [mapping(null)], [])).toMatchObject([
    { definition: 'not readable', works: 'not probed' },
  ]);
  const [wanted] = shard.userMappings;
  const shown = [undefined, same, other, mapping(null)].map(
    (present) => mappingStatements('shard1_server', wanted!, present)[0]?.shown,
  );
  const target = 'USER MAPPING FOR "app" SERVER "shard1_server" OPTIONS';
  expect(shown).toEqual([
    `CREATE ${target} ("user" 'u', "password" '***')`,
    undefined,
    `ALTER ${target} (SET "password" '***')`,
    `ALTER ${target} (SET "user" 'u', SET "password" '***')`,
  ]);
});

test('privileges that are there, and those that are missing, as the GRANTs that setup runs', () => {
  const wanted = [{ schema: 't', role: 'app', privileges: ['select', 'insert'] }];
  const present = {
    schema: 't',
    role: 'app',
    usage: true,
    tables: true,
    sequences: true,
    lacking: [],
    futureTables: true,
    futureSequences: true,
  };
  const drift = (more: Partial<typeof present>, sequences: boolean) =>
    privilegeDrift({ veneer: 'v' }, wanted, [{ ...present, ...more }], { sequences }).map(({ text }) => text);
  expect(drift({}, true)).toEqual([]);
  expect(drift({ sequences: false, futureSequences: false }, false)).toEqual([]);
  expect(drift({ usage: false, tables: false, futureSequences: false }, true)).toEqual([
    'missing: GRANT USAGE ON SCHEMA "t" TO "app"; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA "t" TO "app"; ' +
      'ALTER DEFAULT PRIVILEGES IN SCHEMA "t" GRANT USAGE ON SEQUENCES TO "app"',
  ]);
});

test('in a schema that others use, too, grants name what is ours', () => {
  const wanted = [{ schema: 'public', role: 'app', privileges: ['select'], servers: ['s1'] }];
  const present = {
    schema: 'public',
    role: 'app',
    usage: true,
    tables: false,
    sequences: false,
    lacking: ['public.a', 'public."B"'],
    futureTables: true,
    futureSequences: false,
  };
  const told = privilegeDrift({ veneer: 'v' }, wanted, [present], { sequences: false }).map(
    ({ text }) => text,
  );
  expect(told).toEqual(['missing: GRANT SELECT ON public.a, public."B" TO "app"']);
});
