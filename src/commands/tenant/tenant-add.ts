import type { FleetSource } from '../../config/load/load-config.js';
import { readFleet } from '../../fleet/ask-tenants.js';
import type { TenantReport } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { addDatabases } from './tenant-add-databases.js';
import { tryToReplace } from './fleet-file.js';
import { addSchemas } from './tenant-add-schemas.js';
import { addTask, type TenantAddOptions } from './tenant-add-task.js';

/**
 * Makes tenants, all or none, in one step: schema or database, grants, every migration, and what the veneers show of them.
 * Where shards.yaml lists the tenants, they are written into it at the end: the file names no tenant that is not whole. A
 * command that was cut short in between is typed again: who is whole already is only listed.
 */
export async function addTenants(
  source: FleetSource,
  options: TenantAddOptions,
  context: CommandContext,
): Promise<TenantReport> {
  const config = await readFleet(source, context.who);
  const task = addTask(source, config, options);
  if (task.edited.text !== null && task.fresh.length > 0 && !options.dryRun) await tryToReplace(source);
  return config.tenantIs === 'schema' ? addSchemas(task, context) : addDatabases(task, context);
}
