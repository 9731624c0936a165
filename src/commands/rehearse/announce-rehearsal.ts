import { strongest } from '../../migrations/sql/lock-modes.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { Run } from '../../protocol/run/run.js';
import type { ChosenTenants } from './rehearsed-tenants.js';
import { planMigrations } from '../plan/plan-migrations.js';

/** Says before anything is locked what will be, for how long at most, and that it is rolled back. */
export async function announce(run: Run, plan: Plan, { tenants }: ChosenTenants): Promise<void> {
  const say = (text: string): void => run.onProgress({ type: 'notice', text });
  const within = plan.order.filter(({ transaction }) => transaction !== 'none');
  if (within.length === 0) return;
  const { lockWaitMs, lockHoldMs } = run.config.rollout;
  const busy = plan.shards.filter(({ steps }) => steps.length > 0);
  const members = [...busy.map(({ shard }) => shard.name), ...run.config.veneers.map(({ name }) => name)];
  const whom = tenants.length === 0 ? '' : ` for ${counted(tenants.length, 'tenant')}`;
  say(
    `${counted(within.length, 'migration')} ${within.length === 1 ? 'runs' : 'run'} now${whom} on ${[...new Set(members)].join(', ')}, and everything is rolled back`,
  );
  const described = await planMigrations({ ...plan, order: within }, []);
  const locks = strongest(
    described.flatMap(({ statements }) => statements?.flatMap((one) => one.locks) ?? []),
  );
  const isAll = described.every(
    ({ statements }) => statements?.every(({ others }) => others === 'none') ?? false,
  );
  const named = locks.map(({ relation, mode }) => `${relation} (${mode})`);
  const shown = [...named.slice(0, MOST), ...(named.length > MOST || !isAll ? ['what else they touch'] : [])];
  if (shown.length > 0)
    say(
      `locked until then, there and on the veneers: ${shown.join(', ')}; for ${lockHoldMs} ms at most (rollout.lock_hold), after ${lockWaitMs} ms of waiting at most (rollout.lock_wait)`,
    );
}

/** Locks that are told by name. */
const MOST = 12;

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
