import type { FleetSource } from '../../config/load/load-config.js';
import { readFleet } from '../../fleet/ask-tenants.js';
import type { TenantReport } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { dropDatabaseTenant, homeByDatabase } from './tenant-drop-database.js';
import { dropSchemaTenant, homeByLedger } from './tenant-drop-schema.js';
import { dropTask, type TenantDropOptions } from './tenant-drop-task.js';

/**
 * Drops a tenant in one step: what the veneers show of it, its row there, its ledger, and its schema with all that it
 * holds, or, behind that step, its database. Where shards.yaml lists it, it is taken out of it first, and put back where
 * nothing was committed: the file names no tenant that is not whole. With a query its row has to be gone before.
 */
export async function dropTenant(
  source: FleetSource,
  options: TenantDropOptions,
  context: CommandContext,
): Promise<TenantReport> {
  const config = await readFleet(source, context.who);
  const { name } = options;
  if (config.tenantIs === 'schema') {
    const findHome = (): Promise<string> => homeByLedger(config, name, context);
    return dropSchemaTenant(await dropTask(source, config, options, findHome), context);
  }
  const findHome = (): Promise<string> => homeByDatabase(source, config, name, context);
  return dropDatabaseTenant(await dropTask(source, config, options, findHome), context);
}
