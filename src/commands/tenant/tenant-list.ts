import path from 'node:path';
import { readSchemas } from '../../catalog/read-privileges.js';
import type { ShardConfig } from '../../config/config.js';
import type { FleetSource } from '../../config/load/load-config.js';
import { readFleet } from '../../fleet/ask-tenants.js';
import { entriesOf, onlyApplied, readLedger, type LedgerEntry } from '../../migrations/ledger/ledger.js';
import { loadMigrations } from '../../migrations/load/load.js';
import { isRepeatable } from '../../migrations/migration-names.js';
import type { Migration } from '../../migrations/migration.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { inOneGoWith } from '../../postgres/state-tables.js';
import type { TenantLine, TenantReport } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { leftRows, readTenantRows } from '../setup/setup-state.js';
import { tenantLine, tenantReport } from './tenant-report.js';

/** Every tenant that is listed, and those that a shard's ledger knows besides. Reads only, and no definitions. */
export async function listTenantsOf(source: FleetSource, context: CommandContext): Promise<TenantReport> {
  const config = await readFleet(source, context.who);
  const all = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  const migrations = all.filter(({ scope }) => scope === 'tenant');
  return withReaders(config, context, async ({ sessions, unreachable }) => {
    const lines = await Promise.all(
      config.shards.map((shard) => linesOf(shard, migrations, sessions.get(shard.name) ?? null)),
    );
    const [first] = config.veneers;
    const veneer = first === undefined ? undefined : sessions.get(first.name);
    const left = veneer === undefined ? [] : leftRows(config, (await readTenantRows(veneer)) ?? []);
    return tenantReport(config, {
      action: 'list',
      tenants: [
        ...lines.flat(),
        ...left.map(({ tenant, shard }) => tenantLine({ name: tenant, shard, schema: null }, 'left')),
      ],
      problems: [...unreachable.values()],
    });
  });
}

async function linesOf(
  shard: ShardConfig,
  migrations: readonly Migration[],
  session: Session | null,
): Promise<TenantLine[]> {
  if (session === null) return shard.tenants.map((tenant) => tenantLine(tenant, 'unreachable'));
  const names = shard.tenants.map(({ schema }) => schema);
  const [groups, schemas] = await inOneGoWith(session, 'ledger', () =>
    allDone([readLedger(session), readSchemas(session, names)]),
  );
  const ledger = entriesOf(groups ?? [], 'tenant');
  const listed = new Set(shard.tenants.map(({ name }) => name));
  const left = [...ledger].filter(([name]) => !listed.has(name));
  return [
    ...shard.tenants.map((tenant) => {
      const { version, pending } = standing(migrations, ledger.get(tenant.name));
      const state = !schemas.has(tenant.schema) ? 'not made' : pending > 0 ? 'pending' : 'live';
      return tenantLine(tenant, state, version, pending);
    }),
    ...left.map(([name, entries]) =>
      tenantLine({ name, shard: shard.name, schema: null }, 'left', standing(migrations, entries).version),
    ),
  ];
}

const NONE: ReadonlyMap<string, LedgerEntry> = new Map();

function standing(
  migrations: readonly Migration[],
  entries: ReadonlyMap<string, LedgerEntry> = NONE,
): { readonly version: string | null; readonly pending: number } {
  const applied = onlyApplied(entries);
  const missing = migrations.filter(
    ({ name, checksum }) =>
      !applied.has(name) || (isRepeatable(name) && applied.get(name)?.checksum !== checksum),
  );
  const last = migrations.findLast(({ name }) => !isRepeatable(name) && applied.has(name));
  return { version: last?.name ?? null, pending: missing.length };
}
