import { readdirSync, readFileSync } from 'node:fs';
import { testServers } from '../../test/support/test-servers.js';

const TICK_MS = 10;

/**
 * Milliseconds of CPU that the run's servers have used so far, ended backends included: a postmaster adds up what its
 * children used when it reaps them (proc(5): cutime, cstime). Null where there is no /proc.
 */
export function serversCpuMs(): number | null {
  try {
    const postmasters = new Set(testServers().servers.map(({ dataDir }) => postmasterOf(dataDir)));
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return all.map((pid) => usedBy(Number(pid), postmasters)).reduce((sum, ms) => sum + ms, 0);
  } catch {
    return null;
  }
}

const postmasterOf = (dataDir: string): number =>
  Number(readFileSync(`${dataDir}/postmaster.pid`, 'utf8').split('\n')[0]);

function usedBy(pid: number, postmasters: ReadonlySet<number>): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, ...rest] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [own = 0, ownSystem = 0, reaped = 0, reapedSystem = 0] = rest.slice(9);
    if (postmasters.has(pid)) return (own + ownSystem + reaped + reapedSystem) * TICK_MS;
    return postmasters.has(parent ?? 0) ? (own + ownSystem) * TICK_MS : 0;
  } catch {
    return 0; // It ended while we read: its postmaster has reaped it, or will.
  }
}
