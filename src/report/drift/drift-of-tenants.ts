import type { Config, ShardConfig } from '../../config/config.js';
import { entriesOf, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import type { Drift } from './drift.js';

/**
 * Tenants whose migrations a shard's ledger knows, and which are listed there no more: gone from the query or the file,
 * or on their way. Nothing drops them by itself. Pure.
 */
export function leftTenants(
  { shards, tenantQuery }: Config,
  { name, tenants }: ShardConfig,
  ledger: readonly LedgerGroup[],
): Drift[] {
  const listed = new Set(tenants.map((tenant) => tenant.name));
  const source = tenantQuery === null ? 'shards.yaml' : 'tenants.query';
  return [...entriesOf(ledger, 'tenant')]
    .filter(([tenant]) => !listed.has(tenant))
    .map(([tenant, { size }]): Drift => {
      const home = shards.find((one) => one.tenants.some((other) => other.name === tenant))?.name;
      const elsewhere = home === undefined ? 'does not list it' : `has it on ${home}`;
      return {
        kind: 'tenant',
        grade: 'invisible',
        where: { shard: name, tenant },
        object: `tenant ${tenant}`,
        text: `the ledger of ${name} has ${size} of its migrations, and ${source} ${elsewhere}`,
        consequence: 'no migration reaches it, and what a veneer still shows of it goes stale',
        cure: 'list it again, or drop it: migrate tenant drop',
      };
    });
}

/** The same for a tenant that is a database, and so no member any more: a veneer alone tells of it. Pure. */
export const leftDatabase = (
  { tenantQuery }: Config,
  veneer: string,
  { tenant, shard }: { readonly tenant: string; readonly shard: string },
): Drift => ({
  kind: 'tenant',
  grade: 'invisible',
  where: { veneer, tenant },
  object: `tenant ${tenant}`,
  text: `pgveneer.tenants has it on ${shard}, and ${tenantQuery === null ? 'shards.yaml' : 'tenants.query'} does not list it`,
  consequence: 'no migration reaches it, and what a veneer still shows of it goes stale',
  cure: 'list it again, or drop it: migrate tenant drop; while it is being added: migrate tenant add',
});

/** A database that a command which was cut short, or could not end, has left on a server. Pure. */
export const unfinishedDatabase = (
  shard: string,
  database: string,
  kind: 'made' | 'dropped',
  run: string,
): Drift => ({
  kind: 'tenant',
  grade: 'cosmetic',
  where: { shard },
  object: `database ${database}`,
  ...(kind === 'made'
    ? {
        text: `run ${run} made it for a tenant that is not made yet`,
        consequence: 'its name is taken',
        cure: 'unless that run is at work still: the same migrate tenant add again, or DROP DATABASE',
      }
    : {
        text: `run ${run} took it from the fleet, and it is there still, with its data`,
        consequence: 'what somebody wanted gone is kept',
        cure: 'the same migrate tenant drop again',
      }),
});

/** pgveneer.tenants against the fleet. Pure. */
export const listDrift = (veneer: string): Drift => ({
  kind: 'tenant',
  grade: 'cosmetic',
  where: { veneer },
  object: 'pgveneer.tenants',
  text: 'it lists other tenants than the fleet has, or has them elsewhere',
  consequence: 'whoever asks the veneer which tenants there are is told what is not so',
  cure: 'migrate setup',
});
