import { setTimeout as delay } from 'node:timers/promises';
import { isFree } from '../../src/sandbox/ports.js';
import { findPostmaster } from '../../src/sandbox/postmaster.js';
import type { OwnFleet } from './own-fleet.js';

/** SIGKILL is the crash of a server's first process, SIGQUIT its immediate shutdown: neither writes a checkpoint. */
export type Crash = 'SIGKILL' | 'SIGQUIT';

/** Crashes a member's server; it is gone when this returns. */
export async function endServer(fleet: OwnFleet, member: string, crash: Crash): Promise<void> {
  const server = fleet.servers.find(({ name }) => name === member);
  if (server === undefined) throw new Error(`no member ${member}`);
  await fleet.signal(member, crash);
  // A process that is killed loses its command line first, and its port a moment later.
  while ((await findPostmaster(server.dataDir)) !== null || !(await isFree(server.port))) await delay(5);
}

/** Crashes it and starts it again: it comes back when its own recovery is through. */
export async function crashServer(fleet: OwnFleet, member: string, crash: Crash): Promise<void> {
  await endServer(fleet, member, crash);
  await fleet.start(member);
}
