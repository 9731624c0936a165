import type { Config } from '../../config/config.js';
import { withSession, type Session } from '../../postgres/session.js';
import { inOneGo } from '../../postgres/transaction.js';
import { markOf, type Mark } from '../../protocol/tenants/database-mark.js';

/** A database of a server that is not simply a tenant's. */
export interface MarkedDatabase {
  /** Its server's key in shards.yaml. */
  readonly shard: string;
  readonly database: string;
  readonly mark: Mark;
}

/**
 * Databases that `tenant add` made and never took into use, or `tenant drop` took from the fleet and did not drop: none of
 * them is a member, so that each server is asked. One that cannot be reached is told elsewhere where it has a tenant.
 */
export async function readMarked(config: Config, who: string): Promise<MarkedDatabase[]> {
  if (config.tenantIs === 'schema') return [];
  const applicationName = `pgv reading ${who}`;
  const found = [...config.servers].map(([shard, url]) =>
    withSession({ member: shard, url, applicationName }, (session) => marksOn(config, shard, session)).catch(
      () => [],
    ),
  );
  return (await Promise.all(found)).flat();
}

async function marksOn({ fleet }: Config, shard: string, session: Session): Promise<MarkedDatabase[]> {
  const rows = await inOneGo(session, () =>
    session.prepared<{ database: string; comment: string | null }>(
      `SELECT datname::text AS database, shobj_description(oid, 'pg_database') AS comment
         FROM pg_database WHERE shobj_description(oid, 'pg_database') IS NOT NULL ORDER BY datname`,
    ),
  );
  return rows.flatMap(({ database, comment }) => {
    const mark = markOf(comment);
    return mark?.fleet === fleet ? [{ shard, database, mark }] : [];
  });
}
