import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { read } from '../docs/documents.js';

/* The examples are the fleets of the design, test/support/fleets, but for what containers and a real runner want. */

interface Fleet {
  readonly shards: Readonly<Record<string, { readonly server?: Readonly<Record<string, unknown>> }>>;
  readonly roles: Readonly<Record<string, unknown>>;
  readonly tenants?: { readonly query: string };
  readonly [key: string]: unknown;
}

const EXAMPLES = ['data-residency', 'database-per-tenant', 'federation', 'time-partitions'];

/** Without how a veneer gets to a shard: of containers that differs from the runner's way, so examples have variables. */
function withoutRoutes(fleet: Fleet): Fleet {
  const shards = Object.entries(fleet.shards).map(([name, { server, ...shard }]) => {
    const { host: _host, port: _port, ...options } = server ?? {};
    return [name, { ...shard, server: options }];
  });
  return { ...fleet, shards: Object.fromEntries(shards) };
}

test.each(EXAMPLES)('%s is the fleet of the design', (name) => {
  const text = read(`examples/${name}/shards.yaml`)
    // No certificates in containers.
    .replace(`'\${RDS_SSLMODE:-require}'`, 'require')
    .replace('public.customers', 'customers');
  const example = withoutRoutes(parse(text) as Fleet);
  const design = withoutRoutes(parse(read(`test/support/fleets/${name}.yaml`)) as Fleet);
  // The runner's own mapping: without one there are no statistics and no status --verify.
  const { residency_admin: _runner, ...roles } = example.roles;
  expect({ ...example, roles }).toEqual({
    ...design,
    // Who the customers are stands on the veneer, which is the default of url.
    ...(design.tenants === undefined ? {} : { tenants: { query: design.tenants.query } }),
  });
});
