import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { EXIT, problemOf } from '../../src/errors.js';
import { commandsOn } from './commands.js';
import { memberAt, type Arena } from './fuzz-arena.js';
import type { Disturbance, What } from './fuzz-schedule.js';

/** The `up` that is disturbed. */
export interface Victim {
  /** Ctrl-C. */
  readonly stop: () => void;
  /** Sends a signal to a child that still runs, and says whether there was one. */
  readonly signal: (signal: NodeJS.Signals) => boolean;
}

/** Carries out what is due as the victim comes from point to point. */
export interface Disturber {
  /** Answers when the victim may go on. */
  readonly onPoint: (name: string) => Promise<void>;
  /** Nothing that was held is held any more. */
  readonly end: () => Promise<void>;
}

/** A lock that nobody lets go would end the run, not disturb it; the net where no further point comes (milliseconds). */
const HOLD_MS = 3_000;

interface Held {
  readonly until: number;
  readonly letGo: () => Promise<void>;
}

export function disturber(arena: Arena, victim: Victim, all: readonly Disturbance[]): Disturber {
  const held = new Set<Held>();
  const times = new Map<string, number>();
  let count = 0;
  const release = async (due: (one: Held) => boolean): Promise<void> => {
    for (const one of [...held].filter(due)) {
      held.delete(one);
      await one.letGo();
    }
  };
  return {
    async onPoint(name) {
      const time = (times.get(name) ?? 0) + 1;
      times.set(name, time);
      count++;
      await release(({ until }) => until <= count);
      for (const { what } of all.filter(({ when }) => when === count || when === `${name}#${time}`)) {
        arena.note(`  ${name}#${time}, point ${count}: ${JSON.stringify(what)}`);
        if (what.kind === 'hold')
          held.add({ until: count + what.points, letGo: await holdLock(arena, what) });
        else await disturb(arena, victim, what);
      }
    },
    end: () => release(() => true),
  };
}

async function disturb(arena: Arena, victim: Victim, what: Exclude<What, { kind: 'hold' }>): Promise<void> {
  switch (what.kind) {
    case 'cut': {
      const done = cut(arena, memberAt(arena, what.member), what.session);
      return what.meanwhile ? void done.catch(() => undefined) : done;
    }
    case 'freeze':
      return void freeze(arena, memberAt(arena, what.member), what).catch(() => undefined);
    case 'stop':
      return victim.stop();
    case 'kill':
      await delay(what.lateMs);
      victim.signal('SIGKILL');
      return;
    case 'pause':
      return pause(arena, victim, what.cut);
    case 'kill server':
      return killServer(arena, memberAt(arena, what.member), what.back);
  }
}

/** Sessions of pg-veneer are told by their names. */
const OURS = `datname = current_database() AND application_name LIKE 'pgv %' AND pid <> pg_backend_pid()`;

interface Backend {
  readonly pid: number;
  readonly query: string;
}

async function backends(client: Client): Promise<readonly Backend[]> {
  const { rows } = await client.query<Backend>(
    `SELECT pid, regexp_replace(left(query, 80), '\\s+', ' ', 'g') AS query FROM pg_stat_activity WHERE ${OURS} ORDER BY backend_start`,
  );
  return rows;
}

async function cut({ fleet, note, down }: Arena, member: string, session: number | 'all'): Promise<void> {
  if (down.has(member)) return;
  const client = await fleet.connect(member, 'superuser');
  const all = await backends(client);
  const chosen = session === 'all' ? all : all.slice(session % Math.max(1, all.length)).slice(0, 1);
  for (const { pid, query } of chosen) {
    note(`    cut ${member} ${pid}: ${query}`);
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
  }
  await client.end();
}

async function freeze(
  { fleet, note, down }: Arena,
  member: string,
  { session, ms }: Extract<What, { kind: 'freeze' }>,
): Promise<void> {
  if (down.has(member)) return;
  const client = await fleet.connect(member, 'superuser');
  const all = await backends(client);
  const chosen = all[session % all.length];
  await client.end();
  if (chosen === undefined) return;
  note(`    freeze ${member} ${chosen.pid}: ${chosen.query}`);
  process.kill(chosen.pid, 'SIGSTOP');
  await delay(ms);
  process.kill(chosen.pid, 'SIGCONT');
}

/** An application's transaction, through the veneer or on a shard, that has used one of the tenants' tables. */
async function holdLock(
  arena: Arena,
  { member, table }: Extract<What, { kind: 'hold' }>,
): Promise<() => Promise<void>> {
  const { fleet } = arena;
  const name = memberAt(arena, member);
  if (arena.down.has(name)) return async () => undefined;
  const { rows } = await tables(fleet, name);
  const chosen = rows[table % rows.length];
  const client = await fleet.connect(name);
  const { rows: own } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const mode = table % 3 === 0 && name !== 'veneer' ? `LOCK TABLE ${chosen} IN ROW EXCLUSIVE MODE` : null;
  // Not awaited: it may have to wait for the runner, as applications do.
  client.query(`BEGIN; ${mode ?? `SELECT count(*) FROM ${chosen}`}`).catch(() => undefined);
  let gone = false;
  const letGo = async (): Promise<void> => {
    if (gone) return;
    gone = true;
    clearTimeout(timer);
    await fleet
      .query(name, `SELECT pg_terminate_backend(${own[0]?.pid})`, 'superuser')
      .catch(() => undefined);
    await client.end().catch(() => undefined);
  };
  const timer = setTimeout(() => void letGo(), HOLD_MS);
  return letGo;
}

async function tables(fleet: Arena['fleet'], member: string): Promise<{ rows: readonly string[] }> {
  const rows = await fleet.query(
    member,
    `SELECT format('%I.%I', relnamespace::regnamespace, relname) AS name FROM pg_class
      WHERE relkind IN ('r', 'f', 'v') AND relnamespace::regnamespace::text IN ('bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech')
      ORDER BY 1`,
  );
  return { rows: rows.map(({ name }) => String(name)) };
}

/** A runner that hangs, its host perhaps: another one tries meanwhile, and then it goes on as if nothing had been. */
async function pause(
  arena: Arena,
  victim: Victim,
  lost: Extract<What, { kind: 'pause' }>['cut'],
): Promise<void> {
  if (!victim.signal('SIGSTOP')) return;
  const members = lost === 'nothing' ? [] : lost === 'the veneer' ? ['veneer'] : arena.fleet.servers.map(({ name }) => name); // prettier-ignore
  for (const member of members) await cut(arena, member, 'all');
  const code = await commandsOn(arena.fleet, { who: 'rival@localhost' })
    .up()
    .then(
      (report) => report.exitCode,
      (error: unknown) => problemOf(error).exitCode,
    );
  arena.note(`    the rival: ${code}`);
  victim.signal('SIGCONT');
  if (code === EXIT.bug) throw new Error('the rival ended with a fault of the tool itself');
}

async function killServer(
  { own, down }: Arena,
  member: string,
  back: 'at once' | 'after the run',
): Promise<void> {
  if (own === null || down.has(member)) return;
  await own.signal(member, 'SIGKILL');
  await own.stop(member);
  if (back === 'at once') await own.start(member);
  else down.add(member);
}
