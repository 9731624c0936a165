import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { CommandContext } from '../../src/commands/common/context.js';
import { sandbox } from '../../src/commands/sandbox/sandbox.js';
import type { SandboxReport } from '../../src/report/reports.js';
import { SERVERS } from '../../src/sandbox/bookstore-fleet.js';
import { freePorts } from '../../src/sandbox/ports.js';
import { sandboxLogs, withoutPasswords } from '../../src/sandbox/sandbox-logs.js';
import { sandboxStart, sandboxStatus, sandboxStop, sandboxUrl } from '../../src/sandbox/sandbox.js';
import { sandboxProject, type SandboxProject } from '../support/sandbox-project.js';

const CONTEXT: CommandContext = {
  onProgress: () => undefined,
  signal: new AbortController().signal,
  who: 'test@localhost',
  at: async () => undefined,
};

let project: string;
let env: Record<string, string>;
let remove: SandboxProject['remove'];

beforeAll(async () => {
  ({ project, env, remove } = await sandboxProject());
  await sandboxStart(env, project);
});

afterAll(() => remove());

async function ask(name: string, as: string | undefined, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: (await sandboxUrl(env, project, name, as)).reveal() });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function logOf(name: string): Promise<string> {
  const lines: string[] = [];
  await sandboxLogs(project, name, { onLine: (line) => lines.push(line) });
  return lines.join('\n');
}

const pids = async (): Promise<(number | null)[]> => (await sandboxStatus(project)).map(({ pid }) => pid);

test('start has four servers running, on the ports of the environment, with prepared transactions', async () => {
  const status = await sandboxStatus(project);
  expect(status.map(({ name, state }) => `${name} ${state}`)).toEqual(
    SERVERS.map((name) => `${name} running`),
  );
  expect(status.map(({ port }) => String(port))).toEqual(
    SERVERS.map((name) => new URL(env[`${name.toUpperCase()}_URL`]!).port),
  );
  expect(await ask('shard1', 'superuser', 'SHOW max_prepared_transactions')).toEqual([
    { max_prepared_transactions: '64' },
  ]);
});

test('each server has an identity of its own', async () => {
  const sql = 'SELECT system_identifier::text AS id FROM pg_control_system()';
  const ids = await Promise.all(SERVERS.map((name) => ask(name, 'superuser', sql)));
  expect(new Set(ids.map((rows) => JSON.stringify(rows))).size).toBe(4);
});

test.each([
  ['veneer', 'admin', 'veneer_admin'],
  ['veneer', 'veneer_app', 'veneer_app'],
  ['shard2', undefined, 'bookstore_admin'],
  ['shard2', 'app', 'bookstore_app'],
  ['shard2', 'postgres', 'postgres'],
])('the url of %s as %s logs in as %s', async (name, as, user) => {
  expect(await ask(name, as, 'SELECT current_user AS user, current_database() AS db')).toEqual([
    { user, db: 'bookstore' },
  ]);
});

test('a wrong password is refused, so postgres_fdw may use the right one', async () => {
  const url = (await sandboxUrl(env, project, 'shard1')).reveal().replace(/:[^:@/]+@/, ':wrong@');
  await expect(new Client({ connectionString: url }).connect()).rejects.toThrow(
    'password authentication failed',
  );
});

test('the veneer has postgres_fdw and its admin, no superuser, may use it', async () => {
  await expect(
    ask('veneer', 'admin', 'CREATE SERVER probe FOREIGN DATA WRAPPER postgres_fdw'),
  ).resolves.toEqual([]);
  await expect(ask('veneer', 'app', 'CREATE SERVER app FOREIGN DATA WRAPPER postgres_fdw')).rejects.toThrow(
    'permission',
  );
  await ask('veneer', 'admin', 'DROP SERVER probe');
});

test('a url of an unknown server or role says which there are', async () => {
  await expect(sandboxUrl(env, project, 'shard9')).rejects.toMatchObject({
    facts: { exitCode: 64, hint: expect.stringContaining('shard3') },
  });
  await expect(sandboxUrl(env, project, 'shard1', 'root')).rejects.toMatchObject({
    facts: { hint: expect.stringContaining('bookstore_app') },
  });
});

test('where .env is missing, what to type next is to copy the sample, since only start reads that', async () => {
  const text = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(project, '.env.example'), text.join(''));
  const source = { project, cwd: project, env: {}, envFiles: [], onLine: () => undefined };
  const start = (): Promise<SandboxReport> => sandbox({ action: 'start' }, source, CONTEXT);
  expect(await start()).toMatchObject({ next: 'cp .env.example .env && migrate setup' });
  await rename(join(project, '.env.example'), join(project, '.env'));
  expect(await start()).toMatchObject({ next: null, notices: [] });
  await rm(join(project, '.env'));
});

test('starting twice is harmless: the same servers go on', async () => {
  const before = await pids();
  const again = await sandboxStart(env, project);
  expect(again.map(({ changed }) => changed)).toEqual([false, false, false, false]);
  expect(await pids()).toEqual(before);
});

test('stop keeps the data; stop and status of a stopped sandbox are harmless', async () => {
  await ask('shard3', 'admin', 'CREATE TABLE kept AS SELECT 42 AS answer');
  expect((await sandboxStop(project)).map(({ state, changed }) => [state, changed])).toEqual(
    SERVERS.map(() => ['stopped', true]),
  );
  expect((await sandboxStop(project)).map(({ state, changed }) => [state, changed])).toEqual(
    SERVERS.map(() => ['stopped', false]),
  );
  await sandboxStart(env, project);
  expect(await ask('shard3', 'admin', 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('start after a SIGKILL of a server repairs that one and leaves the others', async () => {
  const before = await sandboxStatus(project);
  process.kill(before[1]!.pid!, 'SIGKILL');
  const after = await sandboxStart(env, project);
  expect(after.map(({ changed }) => changed)).toEqual([false, true, false, false]);
  expect(await ask('shard1', 'admin', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('start sets a password that was changed in .env, and moves a server whose port was', async () => {
  const [port] = await freePorts(1);
  const old = env;
  const moved = new URL(old.SHARD2_URL!);
  moved.port = String(port);
  env = { ...old, APP_PASSWORD_SHARD1: 'changed', SHARD2_URL: moved.href, SHARD2_PORT: String(port) };
  const after = await sandboxStart(env, project);
  expect(after.map(({ changed }) => changed)).toEqual([false, false, true, false]);
  expect(after[2]!.port).toBe(port);
  expect(await ask('shard1', 'app', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('the log has time, pid, user and database of every statement, and no password', async () => {
  await ask('shard1', 'app', "SELECT 'needle' AS found");
  await ask('shard1', 'superuser', "CREATE ROLE secretive PASSWORD 'pw-in-log'; DROP ROLE secretive");
  const log = await logOf('shard1');
  expect(log).toMatch(
    /^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] user=bookstore_app db=bookstore app=\S* LOG: {2}statement: SELECT 'needle'/m,
  );
  expect(log).toContain("CREATE ROLE secretive PASSWORD '***'");
  for (const secret of [
    'pw-in-log',
    ...Object.entries(env)
      .filter(([name]) => name.includes('PASSWORD'))
      .map(([, value]) => value),
  ]) {
    expect(log).not.toContain(secret);
  }
});

test('passwords that the sandbox itself sets never reach the log file', async () => {
  const raw = await readFile((await sandboxStatus(project))[1]!.logFile, 'utf8');
  expect(raw).toContain('user=bookstore_app');
  expect(raw).not.toContain(env.ADMIN_PASSWORD_SHARD1);
  expect(raw).not.toContain(env.APP_PASSWORD_SHARD1);
});

test('following a log gives the lines of later statements, until it is aborted', async () => {
  const { signal, abort } = aborter();
  const seen = new Promise<string>((resolve) => {
    const onLine = (line: string): void => (line.includes('later needle') ? resolve(line) : undefined);
    void sandboxLogs(project, 'shard3', { onLine, follow: true, signal });
  });
  await ask('shard3', 'app', "SELECT 'later needle'");
  expect(await seen).toContain('user=bookstore_app db=bookstore');
  abort();
});

test('a line that is written in two parts is given once, whole', async () => {
  const { signal, abort } = aborter();
  const { logFile } = (await sandboxStatus(project))[3]!;
  const lines: string[] = [];
  const done = new Promise<void>((resolve) => {
    const onLine = (line: string): void => {
      lines.push(line);
      if (line === 'first') void appendFile(logFile, ' and ended\nlast\n');
      if (line === 'last') resolve();
    };
    void sandboxLogs(project, 'shard3', { onLine, follow: true, signal });
  });
  await appendFile(logFile, 'first\nbegun é');
  await done;
  expect(lines).toContain('begun é and ended');
  abort();
});

test('passwords in statements are hidden, quotes and escapes inside them included', () => {
  expect(withoutPasswords("ALTER ROLE a PASSWORD 'it''s' VALID")).toBe("ALTER ROLE a PASSWORD '***' VALID");
  expect(withoutPasswords("OPTIONS (user 'u', password 'p', x 'y')")).toBe(
    "OPTIONS (user 'u', password '***', x 'y')",
  );
  expect(withoutPasswords("PASSWORD E'a\\'b' and PASSWORD 'c'")).toBe("PASSWORD '***' and PASSWORD '***'");
});

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
