import { expect, test } from '@jest/globals';
import type { TenantRow } from '../../../src/config/config.js';
import { ConfigError, configProblemLine } from '../../../src/config/text/config-error.js';
import { openFleetSource } from '../../../src/config/load/load-config.js';
import { problemsOf, SMALL, withFolder } from './project.js';

const ASKED = SMALL.replaceAll(/\n {4}tenants: .*/g, '').replace(
  'roles:',
  'tenants:\n  query: SELECT 1\nroles:',
);

const rows = (...pairs: readonly (readonly [string, string])[]): TenantRow[] =>
  pairs.map(([tenant, shard]) => ({ tenant, shard }));

const read = (tenants: readonly TenantRow[], yaml = ASKED) =>
  withFolder({ 'shards.yaml': yaml }, async (cwd) => openFleetSource({ cwd, env: {} }).read({ tenants }));

async function refusals(tenants: readonly TenantRow[], yaml = ASKED): Promise<readonly string[]> {
  const error: unknown = await read(tenants, yaml).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigError ? error.problems.map(configProblemLine) : [];
}

test('rows become tenants of their shards, in the order of their names, and nothing in them is filled in', async () => {
  const { shards } = await read(rows(['zoe', 's1'], ['${HOME}', 's2'], ['{shard}', 's2'], ['ada', 's1']));
  expect(shards.map(({ tenants }) => tenants.map(({ name, schema }) => [name, schema]))).toEqual([
    [
      ['ada', 'ada'],
      ['zoe', 'zoe'],
    ],
    [
      ['${HOME}', '${HOME}'],
      ['{shard}', '{shard}'],
    ],
  ]);
});

test('a fleet may have no tenant yet', async () => {
  expect((await read([])).shards.map(({ tenants }) => tenants)).toEqual([[], []]);
});

test('rows are checked as a list in the file is, all together', async () => {
  const found = await refusals(
    rows(
      ['ada', 's1'],
      ['ada', 's2'],
      ['bob', 's1'],
      ['bob', 's1'],
      ['eve', 's3'],
      ['', 's1'],
      ['pg_x', 's1'],
    ),
  );
  expect(found).toEqual([
    'shards.yaml:11:10 tenants.query: row 5: tenant eve is said to be on shard "s3", which this fleet has not; did you mean s1?',
    'shards.yaml:11:10 tenants.query: row 6: a tenant without a name',
    'shards.yaml:11:10 tenants.query: the schema of tenant pg_x would be one that belongs to PostgreSQL',
    'shards.yaml:11:10 tenants.query: tenant ada stands in two rows, on shards s1 and s2; a tenant lives on exactly one',
    'shards.yaml:11:10 tenants.query: tenant bob stands in two rows, both on shard s1',
  ]);
});

test('tenants whose schemas are one are refused', async () => {
  const yaml = ASKED.replace('roles:', 'tenant: { schema: all }\nroles:');
  expect(await refusals(rows(['ada', 's1'], ['bob', 's1']), yaml)).toEqual([
    'shards.yaml:11:10 tenants.query: tenants ada and bob would share the schema all on shard s1; put {tenant} into tenant.schema',
  ]);
});

test('a query and lists are two sources, and a fleet without veneers needs a url', async () => {
  expect(await problemsOf(SMALL.replace('roles:', 'tenants: { query: SELECT 1 }\nroles:'))).toEqual([
    'shards.yaml:8:5 shards.s1.tenants: tenants.query says which tenants there are; leave this list, or the query, out',
    'shards.yaml:11:5 shards.s2.tenants: tenants.query says which tenants there are; leave this list, or the query, out',
  ]);
  expect(await problemsOf(ASKED.replace(/veneers:[^]*shards:/, 'shards:'))).toEqual([
    'shards.yaml:7:1 tenants.url: expected a url of the database to ask, since this fleet has no veneer',
  ]);
});
