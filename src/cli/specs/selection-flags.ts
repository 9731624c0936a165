import type { FlagSpec } from './command-spec.js';

export const SHARD: FlagSpec = {
  name: 'shard',
  type: 'list',
  value: 'GLOB',
  text: 'only shards whose name matches (* and ?; repeatable)',
};
export const TENANT: FlagSpec = {
  name: 'tenant',
  type: 'list',
  value: 'GLOB',
  text: 'only tenants whose name matches (* and ?; repeatable)',
};
export const EXCEPT_TENANT: FlagSpec = {
  name: 'except-tenant',
  type: 'list',
  value: 'GLOB',
  text: 'not tenants whose name matches (repeatable)',
};
export const WITHOUT: FlagSpec = {
  name: 'without',
  type: 'list',
  value: 'NAME',
  text: 'go on without a veneer that is down (repeatable)',
};
export const dryRun = (text: string): FlagSpec => ({ name: 'dry-run', type: 'boolean', text });
