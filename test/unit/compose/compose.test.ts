import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse as parseEnv } from 'dotenv';
import { loadConfig } from '../../../src/config/load/load-config.js';
import { readComposeFile, type Service } from '../../support/compose-services.js';
import { read, ROOT } from '../docs/documents.js';

/* docker-compose.yml, .env.compose, .env.example, shards.yaml and the init scripts describe one fleet. */

const compose = readComposeFile(ROOT);
const SHARDS = ['shard1', 'shard2', 'shard3'];
const MEMBERS = ['veneer', ...SHARDS];
const ENV_FILES = ['.env.example', '.env.compose'];
const [example, composed] = ENV_FILES.map((file) => parseEnv(read(file))) as [
  Record<string, string>,
  Record<string, string>,
];

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** `127.0.0.1:29948:5432` → the address on this machine and the port inside. */
function published(name: string): readonly string[] {
  return service(name).ports[0]?.split(':') ?? [];
}

const load = (envFile: string) => loadConfig({ cwd: ROOT, env: {}, envFiles: [envFile] });

test('the services are the members of shards.yaml, and nothing else is in the file', async () => {
  const config = await load('.env.compose');
  const names = [...config.veneers, ...config.shards].map(({ name }) => name);
  expect(Object.keys(compose.services)).toEqual(names);
  expect(Object.keys(compose)).toEqual(['x-server', 'services']);
});

test.each(MEMBERS)(
  '%s: the keys of a service that the compose specification knows, with values of its kinds',
  (name) => {
    const found = service(name);
    expect(Object.keys(found).toSorted()).toEqual(
      ['command', 'env_file', 'environment', 'healthcheck', 'image', 'ports', 'volumes'].toSorted(),
    );
    expect(Object.keys(found.healthcheck).toSorted()).toEqual(['interval', 'retries', 'test', 'timeout']);
    expect(found.ports).toHaveLength(1);
    expect(Object.values(found.environment).every((value) => typeof value === 'string')).toBe(true);
  },
);

test.each(MEMBERS)(
  '%s: PostgreSQL 17 with prepared transactions, healthy when its database answers over TCP',
  (name) => {
    const { image, command, healthcheck, env_file } = service(name);
    expect({ image, command, env_file }).toEqual({
      image: 'postgres:17',
      command: '-c max_prepared_transactions=64',
      env_file: '.env.compose',
    });
    expect(healthcheck.test).toEqual([
      'CMD',
      'pg_isready',
      '--host=127.0.0.1',
      '--username=postgres',
      '--dbname=bookstore',
    ]);
  },
);

test.each(MEMBERS)('%s: an init script that exists, run by the image', (name) => {
  const [file = '', target = '', mode] = service(name).volumes[0]?.split(':') ?? [];
  expect(existsSync(path.join(ROOT, file))).toBe(true);
  expect([target, mode]).toEqual([`/docker-entrypoint-initdb.d/${path.basename(file)}`, 'ro']);
});

test.each(MEMBERS)('%s: published on this machine only, on the port of both env files', (name) => {
  const [host, port, inside] = published(name);
  expect([host, inside]).toEqual(['127.0.0.1', '5432']);
  for (const env of [example, composed]) {
    const url = new URL(env[`${name.toUpperCase()}_URL`] ?? '');
    expect([url.hostname, url.port, url.pathname]).toEqual(['localhost', port, '/bookstore']);
  }
});

test('both env files have the same names; the containers need one more', () => {
  const extra = Object.keys(composed).filter((name) => !(name in example));
  expect(extra).toEqual(['VENEER_ADMIN_PASSWORD']);
  expect(Object.keys(example).filter((name) => !(name in composed))).toEqual([]);
});

test('the env files differ in nothing but the route from the veneer to the shards', () => {
  const differing = Object.keys(example).filter((name) => example[name] !== composed[name]);
  expect(differing.toSorted()).toEqual(
    SHARDS.flatMap((name) => [`${name}_HOST`, `${name}_PORT`].map((key) => key.toUpperCase())),
  );
});

test.each([
  ['.env.example', ['localhost:29948', 'localhost:13366', 'localhost:11033']],
  ['.env.compose', ['shard1:5432', 'shard2:5432', 'shard3:5432']],
])('%s: how the veneer reaches the shards', async (file, routes) => {
  const { shards } = await load(file);
  expect(shards.map(({ server }) => `${server.options['host']}:${server.options['port']}`)).toEqual(routes);
  expect(shards.map(({ server }) => server.options['dbname'])).toEqual([
    'bookstore',
    'bookstore',
    'bookstore',
  ]);
});

test.each(ENV_FILES)('%s: a user of a url has the password that its user mapping has', async (file) => {
  const { shards } = await load(file);
  for (const { url, userMappings } of shards) {
    const { username, password } = new URL(url.reveal());
    const mapping = userMappings.find(({ user }) => user === username);
    expect(mapping?.password?.reveal()).toBe(decodeURIComponent(password));
  }
});

test('the password of veneer_admin in its url is the one that the init script sets', () => {
  expect(new URL(composed['VENEER_URL'] ?? '').password).toBe(composed['VENEER_ADMIN_PASSWORD']);
});

/** The names of the variables that an init script reads in a container, `\set` and `\getenv` followed. */
function passwordVariables(name: string): readonly (string | undefined)[] {
  const script = read(service(name).volumes[0]?.split(':')[0] ?? '');
  const member = service(name).environment['MEMBER'] ?? '';
  const built = new Map(
    [...script.matchAll(/^\\set (\w+) (\w+) :member$/gm)].map(([, key, prefix]) => [
      `:${key}`,
      `${prefix}${member}`,
    ]),
  );
  const used = ['admin_password', 'app_password'].map(
    (variable) => new RegExp(`^\\\\getenv ${variable} (\\S+)$`, 'm').exec(script)?.[1] ?? '',
  );
  return used.map((variable) => built.get(variable) ?? variable);
}

test.each(MEMBERS)('%s: the init script reads passwords that .env.compose has, and sets them', (name) => {
  const key = name.toUpperCase();
  const expected =
    name === 'veneer'
      ? ['VENEER_ADMIN_PASSWORD', 'VENEER_APP_PASSWORD']
      : [`ADMIN_PASSWORD_${key}`, `APP_PASSWORD_${key}`];
  expect(passwordVariables(name)).toEqual(expected);
  expect(expected.map((variable) => composed[variable])).not.toContain(undefined);
});

test.each(MEMBERS)('%s: the init script creates the roles and the database of shards.yaml', async (name) => {
  const config = await load('.env.compose');
  const script = read(service(name).volumes[0]?.split(':')[0] ?? '');
  const shard = config.shards.find((one) => one.name === name);
  const roles = shard?.userMappings.map(({ user }) => user) ?? config.roles.map((role) => role.name);
  const created = [...script.matchAll(/^CREATE ROLE (\w+) LOGIN PASSWORD :'(\w+)';$/gm)].map(
    ([, role, password]) => [role, password],
  );
  expect(created).toEqual([
    [roles[0], 'admin_password'],
    [roles[1], 'app_password'],
  ]);
  expect(script).toContain(`CREATE DATABASE bookstore OWNER ${roles[0]};`);
  const owner =
    [...config.veneers, ...config.shards].find((member) => member.name === name)?.url.reveal() ?? '';
  expect(new URL(owner).username).toBe(roles[0]);
});

test('the veneer has postgres_fdw, and its owner, no superuser, may use it', () => {
  const script = read('docker/veneer.sql');
  expect(script).toMatch(
    /\\connect bookstore\nCREATE EXTENSION postgres_fdw;\nGRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO veneer_admin;\n$/,
  );
  expect(script).not.toMatch(/SUPERUSER/);
});
