import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { problemOf, textOf } from '../../src/errors.js';
import { commandsOn } from './commands.js';
import type { Arena } from './fuzz-arena.js';
import { disturber, type Disturber } from './fuzz-disturb.js';
import type { DisturbedUp } from './fuzz-schedule.js';
import { startCli, type RunningCli } from './run-cli.js';

/** How an `up` ended; `code` null: it was killed. */
export interface UpEnd {
  readonly code: number | null;
  readonly said: string;
}

/** Runs `migrate up` and lets happen to it what the schedule says. */
export async function disturbedUp(arena: Arena, up: DisturbedUp): Promise<UpEnd> {
  const { fleet, down, own } = arena;
  const end = up.runner === 'child' ? await asChild(arena, up) : await inProcess(arena, up);
  for (const member of down) {
    down.delete(member);
    await own?.start(member);
  }
  arena.note(`  ${up.runner} on ${fleet.name}: ${end.code ?? 'killed'} ${end.said}`);
  return end;
}

async function inProcess(arena: Arena, { disturbances, protocol, atomic }: DisturbedUp): Promise<UpEnd> {
  const controller = new AbortController();
  const events = disturber(arena, { stop: () => controller.abort(), signal: () => false }, disturbances);
  try {
    const report = await commandsOn(arena.fleet, {
      signal: controller.signal,
      at: events.onPoint,
    }).up({ protocol, atomic: atomic ? 'fleet' : null });
    return { code: report.exitCode, said: report.problems.map(({ message }) => message).join(' | ') };
  } catch (error) {
    return { code: problemOf(error).exitCode, said: textOf(error) };
  } finally {
    await events.end();
  }
}

async function asChild(arena: Arena, up: DisturbedUp): Promise<UpEnd> {
  const file = join(arena.fleet.dir, 'points');
  await rm(file, { force: true });
  const protocol = up.protocol === 'auto' ? [] : ['--protocol', up.protocol];
  const cli = startCli(['up', '--json', ...protocol, ...(up.atomic ? ['--atomic', 'fleet'] : [])], {
    cwd: arena.fleet.dir,
    env: { PGVENEER_TEST_POINTS: file, PGVENEER_TEST_CRASH_AT: up.crashAt ?? undefined },
  });
  const signal = (name: NodeJS.Signals): boolean =>
    cli.child.exitCode === null && cli.child.signalCode === null && cli.child.kill(name);
  const events = disturber(arena, { stop: () => void signal('SIGTERM'), signal }, up.disturbances);
  try {
    await follow(cli, file, events);
    const { code, signal: killedBy, stdout, stderr } = await cli.result;
    return {
      code: killedBy === null ? code : null,
      said: killedBy === null ? problemsOf(stdout, stderr) : '',
    };
  } finally {
    await events.end();
  }
}

/** Reads where the child is; it does not wait for us, so that a disturbance meets it between two points. */
async function follow(cli: RunningCli, file: string, events: Disturber): Promise<void> {
  const ended = new AbortController();
  void cli.result.finally(() => ended.abort());
  let seen = 0;
  while (!ended.signal.aborted) {
    const reached = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    for (const name of reached.slice(seen)) await events.onPoint(name);
    seen = reached.length;
    await delay(2);
  }
}

function problemsOf(stdout: string, stderr: string): string {
  try {
    const { problems = [] }: { problems?: { message: string }[] } = JSON.parse(stdout);
    return problems.map(({ message }) => message).join(' | ');
  } catch {
    return `${stdout}${stderr}`.slice(0, 2_000);
  }
}
