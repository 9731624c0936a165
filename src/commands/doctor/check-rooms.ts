import type { Config } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import { batchFor, tenantsThatFit, WORTH_WAITING } from '../../protocol/rollout/batches.js';
import { roomOn, SETTING, type MemberRoom, type Resource } from '../../protocol/rollout/room.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { LOCK_STEP, mayNeedSlots } from '../common/lock-step-notice.js';
import { failed, ok, warning } from './outcomes.js';

/** What a server has for a run. */
export interface ServerRoom {
  readonly config: Config;
  /** The members on this server. */
  readonly members: readonly MemberRoom[];
  /** Shards to be migrated at a time; `all`: a step is over all of them. */
  readonly wanted: number | 'all';
}

/** Free connections against those that a run opens. Pure. */
export const connectionsCheck = ({ members, wanted }: ServerRoom): DoctorCheck =>
  roomCheck('connections', 'connection', { members, wanted, most: members[0]?.capacity.connections ?? 0 });

/** max_prepared_transactions, and the slots that are free of it, against what a run prepares. Pure. */
export function slotsCheck({ config, members, wanted }: ServerRoom, { server }: Session): DoctorCheck {
  const most = server.maxPreparedTransactions;
  if (!mayNeedSlots(config)) return ok('prepared transactions', 'not needed: a shard commits by itself');
  if (most > 0) return roomCheck('prepared transactions', 'slot', { members, wanted, most });
  return warning('prepared transactions', `none: ${LOCK_STEP}`, raised('slot', 64));
}

const raised = (resource: Resource, value: number): string =>
  `ALTER SYSTEM SET ${SETTING[resource]} = ${value}, as a superuser, and restart the server`;

function roomCheck(
  check: 'connections' | 'prepared transactions',
  resource: Resource,
  { members, wanted, most }: Pick<ServerRoom, 'members' | 'wanted'> & { readonly most: number },
): DoctorCheck {
  const { fits, needed, free } = roomOn(wanted, members, resource);
  const found = `${free} of ${most} are free, and a run takes up to ${needed}`;
  if (free >= needed) return ok(check, found);
  const cure = `${raised(resource, most + needed - free)}; or wait until others are done`;
  if (fits < 1) return failed(check, `${found}: it ends before it begins, or by the first step`, cure);
  return warning(check, `${found}: fewer shards go at a time, or a step is tried again`, cure);
}

/** Tenants that one step of a member's takes at most. Pure. */
export function tenantsInStep(config: Config, { member, role }: MemberRoom): number {
  const counts = config.shards
    .filter(({ name }) => role !== 'shard' || name === member)
    .map(({ tenants }) => tenants.length);
  const batch = batchFor(config);
  if (batch === 'none') return counts.reduce((a, b) => a + b, 0);
  return Math.min(Math.max(0, ...counts), batch === 'auto' ? WORTH_WAITING : batch);
}

/**
 * The lock table against the largest step of a migration with one statement, by the estimate by which a run cuts steps. `each`: what
 * max_locks_per_transaction is. Pure.
 */
export function locksCheck({ config, members, wanted }: ServerRoom, each: number): DoctorCheck {
  const tenants = Math.max(0, ...members.map((one) => tenantsInStep(config, one)));
  const capacities = members.map(({ capacity }) => capacity);
  const lanes = wanted === 'all' ? 1 : wanted;
  const fits = tenantsThatFit(1, capacities, lanes);
  const locks = Math.min(...capacities.map((capacity) => capacity.locks));
  const found = `${locks} locks: room for ${fits} tenants in a step of one statement, and it has ${tenants}`;
  if (fits >= tenants) return ok('locks', found);
  const suffers =
    batchFor(config) === 'auto'
      ? 'steps are cut to fewer tenants, and a migration takes more of them'
      : 'a step takes all the same, and may fail: out of shared memory';
  return warning(
    'locks',
    `${found}: ${suffers}`,
    `ALTER SYSTEM SET max_locks_per_transaction = ${Math.ceil((each * tenants) / fits)}, as a superuser, and restart the server`,
  );
}
