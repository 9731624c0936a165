import type { RehearseOptions } from '../../commands/rehearse/rehearse-options.js';
import type { Flags } from '../words/flags.js';
import { readLimit } from './roll-verbs.js';
import { usageError } from '../words/usage-error.js';

/** `migrate rehearse` with its options. */
export interface RehearseVerb {
  readonly command: 'rehearse';
  readonly options: RehearseOptions;
}

/** Reads the options; `count` is N. Throws (exit 64) for those that do not go together. */
export function readRehearseVerb(count: string | undefined, flags: Flags): RehearseVerb {
  const tenants = [...flags.list('tenant')];
  if (flags.isSet('all-tenants') && tenants.length > 0)
    throw usageError('--all-tenants and --tenant both say for whom', 'leave one of them out');
  return {
    command: 'rehearse',
    options: {
      shards: [...flags.list('shard')],
      tenants,
      exceptTenants: [...flags.list('except-tenant')],
      limit: readLimit(count, flags.one('to'), 'rehearse'),
      whom: flags.isSet('all-tenants') ? 'all tenants' : 'shapes',
      offline: flags.isSet('offline'),
      out: flags.one('out'),
    },
  };
}
