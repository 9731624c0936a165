import { readFile } from 'node:fs/promises';
import { runAs } from './server-user.js';

/**
 * A process's command line, null when there is no such process or it is a zombie. A pid alone proves nothing: it
 * may have been given to another program since it was written down.
 */
export async function commandLine(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? null : text.replaceAll('\0', ' ').trim();
  }
  const { code, stdout } = await runAs(null, 'ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return code === 0 ? stdout.trim() : null;
}

/**
 * When a process began, as digits that tell it from any other process that had or will have this pid (clock ticks
 * since boot on Linux, else milliseconds); null when there is no such process.
 */
export async function processStart(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // Field 22 of proc(5); the second one, the name, may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  }
  const { code, stdout } = await runAs(null, 'ps', ['-o', 'lstart=', '-p', String(pid)]);
  return code === 0 ? String(Date.parse(stdout.trim())) : null;
}
