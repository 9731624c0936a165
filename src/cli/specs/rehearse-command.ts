import type { CommandSpec } from './command-spec.js';
import { EXCEPT_TENANT, SHARD, TENANT } from './selection-flags.js';

export const REHEARSE_COMMAND: CommandSpec = {
  name: 'rehearse',
  summary: 'run what is pending for real, and roll everything back',
  description: [
    'Runs the pending migrations inside one transaction on each shard, and what follows from them inside',
    'one on each veneer, then rolls all of them back: the SQL of the veneers, locks, times and rewrites',
    'as they are, and whatever fails. One tenant of each shape on each shard runs, unless told otherwise.',
    'Says first what it locks, and keeps rollout.lock_wait and rollout.lock_hold. Nothing stays but what',
    'sequences gave out. Migrations without a transaction are left out, and named.',
  ],
  positionals: [{ name: 'N', required: false, text: 'at most the next N migrations (default: all)' }],
  flags: [
    { name: 'to', type: 'string', value: 'NAME', text: 'up to and including this migration' },
    { name: 'all-tenants', type: 'boolean', text: 'every tenant, not one of each shape' },
    SHARD,
    { ...TENANT, text: 'these tenants, all of them (* and ?; repeatable)' },
    EXCEPT_TENANT,
    {
      name: 'out',
      type: 'string',
      value: 'FILE',
      text: 'write a plan for migrate up --plan there, not the report',
    },
    { name: 'offline', type: 'boolean', text: 'nobody else is connected: rewrite tables in a mesh, too' },
  ],
  examples: [
    { command: 'migrate rehearse', text: 'everything that is pending' },
    { command: 'migrate rehearse 1 --all-tenants', text: 'the next migration, for every tenant' },
    { command: 'migrate rehearse --out reviewed.json', text: 'a plan for migrate up --plan' },
    { command: "migrate rehearse --tenant 'b*' --json", text: 'for some, as JSON' },
  ],
};
