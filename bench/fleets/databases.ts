import { urlWith } from '../../src/sandbox/databases.js';
import { databaseFleet, PASSWORD } from '../../test/support/database-fleet.js';
import { SHARDS, tenantsOf, type BenchFleet } from './tenants.js';

/** A fleet of so many tenants, each a database with roles of its own, spread evenly over three servers; set up. */
export async function openDatabases(count: number): Promise<BenchFleet & AsyncDisposable> {
  const tenants = tenantsOf(count);
  const placement = Object.fromEntries(
    SHARDS.map((shard) => [
      shard,
      tenants.filter((tenant) => tenant.shard === shard).map(({ name }) => name),
    ]),
  );
  const fleet = await databaseFleet(placement);
  const { exitCode, problems } = await fleet.run.setup();
  if (exitCode !== 0) throw new Error(JSON.stringify(problems));
  /** Of a tenant's database its owner's. */
  const urlOf: BenchFleet['urlOf'] = (member, as) => {
    const [shard = '', tenant] = member.split('/');
    const url = fleet.urlOf(shard, as);
    if (tenant === undefined) return url;
    const database = fleet.nameOf(tenant);
    return urlWith(url, { user: `${database}_admin`, password: PASSWORD, database });
  };
  return { ...fleet, urlOf, tenants, [Symbol.asyncDispose]: () => fleet.close() };
}
