import type { DownOptions } from '../../commands/migrate/down.js';
import type { UpOptions } from '../../commands/migrate/up.js';
import type { PlanLimit } from '../../migrations/plan/plan.js';
import type { ProtocolChoice } from '../../protocol/run/journal.js';
import type { Flags } from '../words/flags.js';
import { readMilliseconds } from '../words/read-milliseconds.js';
import { usageError } from '../words/usage-error.js';

/** A command that runs migrations, with its options. */
export type RollVerb =
  | { readonly command: 'up'; readonly options: UpOptions }
  | { readonly command: 'down' | 'redo'; readonly options: DownOptions };

/** Reads the options of these commands; `count` is N. Throws (exit 64) for those that do not go together. */
export function readRollVerb(
  command: RollVerb['command'],
  count: string | undefined,
  flags: Flags,
): RollVerb {
  const help = `migrate ${command} --help`;
  if (flags.one('plan') !== null && flags.list('without').length > 0)
    throw usageError(
      '--plan carries out what was rehearsed on all veneers',
      'leave --without, or --plan, out',
    );
  const options: UpOptions = {
    shards: [...flags.list('shard')],
    tenants: [...flags.list('tenant')],
    exceptTenants: [...flags.list('except-tenant')],
    limit: readLimit(count, flags.one('to'), command),
    dryRun: flags.isSet('dry-run'),
    canary: flags.isSet('canary'),
    atomic: readAtomic(flags.one('atomic'), help),
    protocol: readProtocol(flags.one('protocol'), help),
    terminateBlockersMs: readMilliseconds('terminate-blockers', flags, command),
    offline: flags.isSet('offline'),
    plan: flags.one('plan'),
  };
  return command === 'up'
    ? { command, options }
    : { command, options: { ...options, yes: flags.isSet('yes') } };
}

function readAtomic(group: string | null, help: string): 'fleet' | null {
  if (group === null || group === 'fleet') return group;
  throw usageError(`--atomic takes fleet, not ${group}`, help);
}

function readProtocol(name: string | null, help: string): ProtocolChoice {
  if (name === null) return 'auto';
  if (name === 'two-phase' || name === 'lock-step') return name;
  throw usageError(`--protocol takes two-phase or lock-step, not ${name}`, help);
}

/** How far to go. Throws (exit 64) for two answers, and for what is no number of migrations. */
export function readLimit(
  count: string | undefined,
  name: string | null,
  command: RollVerb['command'] | 'rehearse',
): PlanLimit {
  if (count !== undefined && name !== null)
    throw usageError('N and --to both say how far to go', 'leave one of them out');
  if (name !== null) return { kind: 'to', name };
  if (count === undefined)
    return command === 'up' || command === 'rehearse' ? { kind: 'all' } : { kind: 'count', count: 1 };
  if (/^[1-9]\d{0,8}$/.test(count)) return { kind: 'count', count: Number(count) };
  const what = `N is a number of migrations, 1 or more, not ${JSON.stringify(count)}`;
  throw usageError(what, `migrate ${command} --help`);
}
