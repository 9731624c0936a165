import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, type Problem } from '../../errors.js';
import { secretMask } from '../../protocol/run/mask-secrets.js';
import type { Review } from '../../protocol/run/review.js';
import type { UpReport } from '../../report/up.js';
import type { MigrateOptions } from '../common/migrate-options.js';
import type { Pin } from './pin.js';
import { readPin } from './pin-file.js';
import { movesSince } from './pin-moves.js';
import { reviewOf } from './pin-review.js';
import { readPinState, type StateOf } from './pin-state.js';

/** A plan that was rehearsed, for a run that carries it out. */
export interface PinnedRun {
  /** A problem (exit 20) where anything is not as it was, with all that moved in its detail. */
  readonly staleness: (now: StateOf) => Promise<readonly Problem[]>;
  readonly review: Review;
  readonly file: string;
}

/** The options with the plan's own selection, and the plan; without `--plan` as they are. Throws where it cannot be. */
export async function pinnedRun<O extends MigrateOptions>(
  config: Config,
  options: O,
): Promise<{ readonly options: O; readonly pinned: PinnedRun | null }> {
  const { plan: file = null } = options;
  if (file === null) return { options, pinned: null };
  const pin = await readPin(file);
  if (pin.fleet !== config.fleet)
    throw new VeneerError(`${file} is a plan for fleet ${pin.fleet}, not for ${config.fleet}`, {
      exitCode: EXIT.failed,
      where: { file },
      hint: 'migrate rehearse --out FILE makes one for this fleet',
    });
  refuseOtherSelection(file, pin, options);
  const staleness = async (now: StateOf): Promise<Problem[]> => {
    const moves = movesSince(pin, await readPinState(config, now));
    return moves.length === 0 ? [] : [stale(file, pin, moves)];
  };
  const selected = { ...options, ...pin.selection };
  return { options: selected, pinned: { staleness, review: reviewOf(pin, secretMask(config)), file } };
}

/** `migrate up` alone would run what nobody has reviewed: what is typed next is the same plan, or a new one. Pure. */
export function withNext(pinned: PinnedRun | null, report: UpReport): UpReport {
  if (pinned === null || report.next !== 'migrate up') return report;
  const next = report.exitCode === EXIT.clean ? `migrate up --plan ${pinned.file}` : 'migrate rehearse';
  return { ...report, next };
}

/** The plan says for whom; who says so again has to say the same. */
function refuseOtherSelection(
  file: string,
  { selection }: Pin,
  { shards, tenants, exceptTenants = [], limit }: MigrateOptions,
): void {
  const given = { shards, tenants, exceptTenants, limit };
  const isGiven = shards.length + tenants.length + exceptTenants.length > 0 || limit.kind !== 'all';
  const same = (['shards', 'tenants', 'exceptTenants', 'limit'] as const).every(
    (key) => JSON.stringify(given[key]) === JSON.stringify(selection[key]),
  );
  if (!isGiven || same) return;
  throw new VeneerError(`${file} was rehearsed for another selection`, {
    exitCode: EXIT.usage,
    where: { file },
    hint: 'leave N, --to, --shard, --tenant and --except-tenant out: the plan has its own',
  });
}

const stale = (file: string, { made }: Pin, moves: readonly string[]): Problem => ({
  message: `the plan of ${made} is out of date: ${moves[0]}${moves.length === 1 ? '' : `, and ${moves.length - 1} more`}`,
  exitCode: EXIT.failed,
  where: { file },
  detail: moves.join('\n'),
  hint: 'nothing was changed: migrate rehearse --out FILE makes a new one',
});
