import { setTimeout as delay } from 'node:timers/promises';
import { openFleetSource } from '../../config/load/load-config.js';
import { recordSettling } from '../../commands/common/recorded-run.js';
import { RivalRun } from '../../postgres/run-lock.js';
import { settledReport } from '../../commands/common/settled.js';
import { leavingOut } from '../../fleet/leave-out.js';
import { readMembers } from '../../fleet/ask-tenants.js';
import { recover, type Settled } from '../../protocol/settlement/recovery.js';
import { withRun, type RunOptions } from '../../protocol/run/with-run.js';
import type { Run } from '../../protocol/run/run.js';
import type { WatchdogSource } from './watchdog.js';
import { whoRuns } from './who.js';

/** How long (milliseconds) a member that cannot be reached is waited for. */
const PATIENCE_MS = 120_000;
const AGAIN_MS = 250;

/**
 * Settles what a runner that died has left: until everything is settled, or another run is at work, which settles before it
 * does anything else. A session that the runner has left on a server that stands still is waited for as its member would be.
 */
export async function settle(source: WatchdogSource): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  const options = {
    command: 'watchdog',
    who: whoRuns(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    at: async () => undefined,
  };
  for (;;) {
    // Read each time: what a dying runner had sent, an intent that names a tenant on its way, may arrive after the first look.
    const left = await settleOnce(source, options).then(
      (settled) => settled.some(({ ending }) => ending.kind === 'in doubt'),
      (error: unknown) => !(error instanceof RivalRun),
    );
    if (!left || Date.now() > deadline) return;
    await delay(AGAIN_MS);
  }
}

async function settleOnce(
  { without, ...file }: WatchdogSource,
  options: RunOptions,
): Promise<readonly Settled[]> {
  const fleet = leavingOut(openFleetSource({ ...file, env: process.env }), without);
  const config = await readMembers(fleet, whoRuns());
  return withRun(config, options, settleAndRecord);
}

async function settleAndRecord(run: Run): Promise<readonly Settled[]> {
  const settled = await recover(run);
  await recordSettling(run, settledReport(settled));
  return settled;
}
