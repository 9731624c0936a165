import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ConfigError } from '../../../src/config/text/config-error.js';
import { loadConfig } from '../../../src/config/load/load-config.js';
import { EXIT, problemOf } from '../../../src/errors.js';
import { load, problemsOf, SMALL, withFolder } from './project.js';

const YAML = SMALL.replace('app_user', '${WHO}').replace('app-password', '${PW:-none}');

async function who(...args: Parameters<typeof load>): Promise<string | undefined> {
  return (await load(...args)).shards[0]?.userMappings[0]?.user;
}

test('.env beside the config is read, without being named', async () => {
  expect(await who(YAML, {}, { '.env': 'WHO=dot' })).toBe('dot');
});

test('a named env file is read instead; of several the later one wins', async () => {
  const files = { '.env': 'WHO=dot', 'one.env': 'WHO=one', 'two.env': 'WHO=two' };
  expect(await who(YAML, { envFiles: ['one.env'] }, files)).toBe('one');
  expect(await who(YAML, { envFiles: ['one.env', 'two.env'] }, files)).toBe('two');
});

test('the real environment wins over the file', async () => {
  expect(await who(YAML, { env: { WHO: 'real' } }, { '.env': 'WHO=dot' })).toBe('real');
});

test('process.env is neither read nor written', async () => {
  process.env['VENEER_TEST_ONLY'] = 'process';
  const yaml = YAML.replace('${WHO}', '${VENEER_TEST_ONLY:-not read}');
  expect(await who(yaml, {}, { '.env': 'VENEER_TEST_WRITTEN=1' })).toBe('not read');
  expect(process.env['VENEER_TEST_WRITTEN']).toBeUndefined();
  delete process.env['VENEER_TEST_ONLY'];
});

test('a value of an env file is taken literally', async () => {
  const { shards } = await load(YAML, {}, { '.env': `\uFEFFWHO=x\nPW='a#b "c" \${WHO} {shard}\n$\${d}'` });
  expect(shards[0]?.userMappings[0]?.password?.reveal()).toBe('a#b "c" ${WHO} {shard}\n$${d}');
});

test('an env file that is named must exist, and is reported with everything else', async () => {
  expect(await problemsOf(YAML, { envFiles: ['none.env'] })).toEqual([
    'none.env no such env file; --env-file names one that exists',
    'shards.yaml:14:11 roles.app.user: the variable WHO is not set (put WHO=... in none.env or in the environment)',
  ]);
});

test('a folder as an env file', async () => {
  await withFolder({ 'shards.yaml': SMALL }, async (cwd) => {
    mkdirSync(path.join(cwd, '.env'));
    await expect(loadConfig({ cwd, env: {} })).rejects.toThrow('.env expected an env file, this is a folder');
  });
});

test('paths: --config is relative to the working directory, migrations and .env to the config', async () => {
  await withFolder({}, async (cwd) => {
    const folder = path.join(cwd, 'below');
    mkdirSync(folder);
    await expect(loadConfig({ cwd, env: {}, file: 'below/shards.yaml' })).rejects.toThrow(
      'below/shards.yaml has a problem:\nbelow/shards.yaml no such file; name one with --config',
    );
  });
  await withFolder(
    { 'other.yaml': YAML.replace('fleet: small', 'fleet: small\nmigrations: ../sql'), '.env': 'WHO=dot' },
    async (folder) => {
      const cwd = path.dirname(folder);
      const config = await loadConfig({ cwd, env: {}, file: path.join(path.basename(folder), 'other.yaml') });
      expect(config).toMatchObject({
        file: path.join(folder, 'other.yaml'),
        migrations: path.join(cwd, 'sql'),
      });
    },
  );
});

test('no shards.yaml: what to do is said', async () => {
  await withFolder({}, async (cwd) => {
    await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(
      'shards.yaml no such file; name one with --config, or make one: migrate init',
    );
    await expect(loadConfig({ cwd, env: {}, file: '.' })).rejects.toThrow(
      'expected a file, this is a folder',
    );
  });
});

test('one error holds all problems: exit 78, a count, a line each, and the list as data', async () => {
  const error: unknown = await load(
    SMALL.replace('[ada, bob]', '[ada, 7]').replace('app_user', '${WHO}'),
  ).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(problemOf(error)).toMatchObject({ exitCode: EXIT.config });
  const { message, problems } = error as ConfigError;
  expect(message.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'shards.yaml has 2',
    'shards.yaml:8:20 shards.s1.tenants[1]: expected',
    'shards.yaml:14:11 roles.app.user: the',
  ]);
  expect(problems[0]).toMatchObject({
    file: 'shards.yaml',
    line: 8,
    column: 20,
    path: 'shards.s1.tenants[1]',
  });
});
