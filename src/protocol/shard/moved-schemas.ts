import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';

/** By name, as the text of a JSON object: one row, however many tenants there are. */
const SCHEMA_OIDS = `
  SELECT coalesce(json_object_agg(nspname, oid::text ORDER BY nspname), '{}'::json)::text AS oids
    FROM pg_namespace WHERE nspname = ANY ($1::text[])`;

/** The oids of the schemas that bear these names, as JSON by name. */
export async function readSchemas(session: Session, names: readonly string[]): Promise<string> {
  const [row] = await session.prepared<{ oids: string }>(SCHEMA_OIDS, [names]);
  return row?.oids ?? '{}';
}

/** What {@link readSchemas} read: as it is committed, and in the open transaction. */
interface Schemas {
  readonly was: string;
  readonly is: string;
}

/**
 * ALTER SCHEMA RENAME leaves no lock to be seen (PROTOCOL section 4, number 3), so namespaces are compared: a tenant's has to stay, and one
 * that a rule names must neither lose its name nor get it from another. What is in one that is dropped or made is locked, and is
 * handled as any table is. Throws (exit 20).
 */
export async function refuseMovedSchemas(
  session: Session,
  anchor: Session,
  tenants: ReadonlyMap<string, TenantConfig>,
  { was, is }: Schemas,
): Promise<void> {
  if (was === is) return;
  const [before, after] = [byName(was), byName(is)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.filter((name) => before.get(name) !== after.get(name));
  refuseMovedTenant(session, tenants, changed, before);
  const oids = changed
    .flatMap((name) => [before.get(name), after.get(name)])
    .filter((oid) => oid !== undefined);
  // One that was dropped, or is new, is not on both sides.
  const [old, now] = await allDone([readNames(anchor, oids), readNames(session, oids)]);
  for (const [oid, from] of old) {
    const to = now.get(oid);
    if (to !== undefined && to !== from)
      throw new VeneerError(
        `the migration renames schema ${from} to ${to}, and an expose rule names ${before.has(from) ? from : to}`,
        {
          exitCode: EXIT.failed,
          where: { member: session.member },
          hint: 'make a new schema, and move the tables: ALTER TABLE … SET SCHEMA',
        },
      );
  }
}

function refuseMovedTenant(
  { member }: Session,
  tenants: ReadonlyMap<string, TenantConfig>,
  changed: readonly string[],
  before: ReadonlyMap<string, string>,
): void {
  const [tenant] = changed.filter((name) => before.has(name)).flatMap((name) => tenants.get(name) ?? []);
  if (tenant === undefined) return;
  throw new VeneerError(
    `the migration renames or drops schema ${tenant.schema}, which is tenant ${tenant.name}`,
    {
      exitCode: EXIT.failed,
      where: { member, tenant: tenant.name },
      hint: 'change the objects inside of a tenant, not the tenant itself',
    },
  );
}

async function readNames(session: Session, oids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await session.prepared<{ oid: string; name: string }>(
    'SELECT oid::text AS oid, nspname::text AS name FROM pg_namespace WHERE oid = ANY ($1::oid[]) ORDER BY nspname',
    [oids],
  );
  return new Map(rows.map(({ oid, name }) => [oid, name]));
}

const byName = (oids: string): ReadonlyMap<string, string> =>
  new Map(Object.entries(JSON.parse(oids) as Record<string, string>));
