import type { FleetSource } from '../../config/load/load-config.js';
import type { TenantReport } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { addTenants } from './tenant-add.js';
import type { TenantAddOptions } from './tenant-add-task.js';
import { dropTenant } from './tenant-drop.js';
import type { TenantDropOptions } from './tenant-drop-task.js';
import { listTenantsOf } from './tenant-list.js';

export type TenantOptions =
  | { readonly action: 'list' }
  | ({ readonly action: 'add' } & TenantAddOptions)
  | ({ readonly action: 'drop' } & TenantDropOptions);

/** The tenants of a fleet: which there are, new ones, and one that goes. Works on the file itself, where that lists them. */
export function tenant(
  source: FleetSource,
  options: TenantOptions,
  context: CommandContext,
): Promise<TenantReport> {
  switch (options.action) {
    case 'list':
      return listTenantsOf(source, context);
    case 'add':
      return addTenants(source, options, context);
    case 'drop':
      return dropTenant(source, options, context);
  }
}
