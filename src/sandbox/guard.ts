import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Waits until its standard input ends, which happens when its owner ends in whatever way, SIGKILL included; then
 * stops the servers below the folder and removes it. More than one round, because the owner may have died while it
 * was making or starting a server. A pid is signalled only while its command line names the folder.
 */
const SCRIPT = `
read _
for round in 1 2 3; do
  [ -d "$1" ] || exit 0
  for file in "$1"/*/data/postmaster.pid; do
    pid=$(head -n 1 "$file" 2>/dev/null) || continue
    { tr '\\0' ' ' < "/proc/$pid/cmdline" || ps -ww -o command= -p "$pid"; } 2>/dev/null |
      grep -qF -e "-D $1/" && kill -QUIT "$pid"
  done
  rm -rf "$1"
  sleep 1
done`;

/** Cleans up after its owner; `release` ends it once there is nothing left to clean. */
export interface Guard {
  release: () => void;
}

/** Starts a guard, a small shell process, over a folder of servers. It does not keep this process alive. */
export function guard(folder: string): Guard {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return { release: () => child.stdin.end() };
}
