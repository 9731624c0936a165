import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { onPorts, readCompose } from '../../../examples/frame/compose.js';
import { EXAMPLE_NAMES } from '../../../examples/frame/example.js';
import { readInitScript } from '../../../examples/frame/init-script.js';
import { groupBy } from '../../../src/group-by.js';
import type { Config } from '../../../src/config/config.js';
import { openFleetSource } from '../../../src/config/load/load-config.js';
import { readComposeFile, type Service } from '../../support/compose-services.js';
import { ROOT, read } from '../docs/documents.js';

/* What an example's folder holds: docker-compose.yml, .env.compose, init scripts, shards.yaml and README.md agree. */

/** The folder of an example's shards.yaml: the bookstore's is the root. */
const folderOf = (name: string): string => path.join(ROOT, name === 'bookstore' ? '.' : `examples/${name}`);

const servicesOf = (name: string): Readonly<Record<string, Service>> =>
  readComposeFile(folderOf(name)).services;

test('the examples are those of the documents, each with a README and a test', () => {
  for (const name of EXAMPLE_NAMES) {
    expect(read('README.md')).toContain(`(examples/${name}/README.md)`);
    expect(read('examples/README.md')).toContain(`(${name}/README.md)`);
    expect(existsSync(path.join(ROOT, `test/examples/${name}.test.ts`))).toBe(true);
  }
});

test.each(EXAMPLE_NAMES)('%s: its README says how to start it, embedded and in containers', (name) => {
  const text = read(`examples/${name}/README.md`);
  expect(text).toContain(`npm run example ${name}`);
  expect(text).toContain(
    'docker compose up -d --wait && npx migrate --env-file .env.compose setup && npx migrate --env-file .env.compose up',
  );
});

test.each(EXAMPLE_NAMES)('%s: its containers have prepared transactions, and scripts that exist', (name) => {
  for (const service of Object.values(servicesOf(name))) {
    const { image, command, env_file, healthcheck, volumes } = service;
    expect(Object.keys(service).toSorted()).toEqual(
      ['command', 'env_file', 'environment', 'healthcheck', 'image', 'ports', 'volumes'].toSorted(),
    );
    expect({ image, command, env_file }).toEqual({
      image: 'postgres:17',
      command: '-c max_prepared_transactions=64',
      env_file: '.env.compose',
    });
    expect(healthcheck.test).toEqual(
      expect.arrayContaining(['CMD', 'pg_isready', '--host=127.0.0.1', '--username=postgres']),
    );
    const [file = '', target, mode] = volumes[0]?.split(':') ?? [];
    expect(existsSync(path.join(folderOf(name), file))).toBe(true);
    expect([target, mode]).toEqual([`/docker-entrypoint-initdb.d/${path.basename(file)}`, 'ro']);
  }
});

test('no two containers of all examples want the same port, and all listen on this machine alone', () => {
  const ports = EXAMPLE_NAMES.flatMap((name) =>
    Object.values(servicesOf(name)).flatMap(({ ports }) => ports),
  );
  expect(new Set(ports).size).toBe(ports.length);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:5432$/);
});

test.each(EXAMPLE_NAMES)(
  '%s: .env.compose leads to its containers, from here and from one to another',
  async (name) => {
    const config = await configOf(name);
    const published = Object.entries(servicesOf(name)).map(([service, { ports }]) => [
      ports[0]?.split(':')[1],
      service,
    ]);
    const serviceAt = new Map(published as [string, string][]);
    for (const { url } of [...config.veneers, ...config.shards]) {
      const { hostname, port } = new URL(url.reveal());
      expect([hostname, serviceAt.has(port)]).toEqual(['localhost', true]);
    }
    if (config.veneers.length === 0) return;
    for (const { url, server } of config.shards) {
      const { host, port, dbname } = server.options;
      const database = new URL(url.reveal()).pathname.slice(1);
      expect({ host, port, dbname }).toEqual({ host: serviceAt.get(new URL(url.reveal()).port), port: '5432', dbname: database }); // prettier-ignore
    }
  },
);

/** As its commands read it; whom a query would answer, the databases of the shards' servers are made for. */
async function configOf(name: string): Promise<Config> {
  const source = openFleetSource({ cwd: folderOf(name), env: {}, envFiles: ['.env.compose'] });
  const config = source.read();
  if (config.tenantQuery === null) return config;
  const customers = (await readCompose(folderOf(name))).servers.flatMap(({ script, environment }) =>
    readInitScript(script, environment).flatMap(({ statements }) =>
      statements.flatMap((sql) =>
        [...sql.matchAll(/\('(\w+)', (?:true|false)\)/g)].map(([, one = '']) => one),
      ),
    ),
  );
  return source.read({ tenants: customers.map((tenant) => ({ tenant, shard: 'rds' })) });
}

/** What the init scripts of an example make, by server. */
async function madeBy(name: string) {
  const { servers } = await readCompose(folderOf(name));
  return servers.map(({ port, script, environment }) => {
    const sql = readInitScript(script, environment)
      .flatMap(({ statements }) => statements)
      .join('\n');
    const all = (pattern: RegExp): string[][] => [...sql.matchAll(pattern)].map((match) => match.slice(1));
    return {
      port: String(port),
      roles: new Map(all(/CREATE ROLE (\S+) LOGIN PASSWORD '(.*?)'/g) as [string, string][]),
      memberships: groupBy(all(/GRANT (\w+) TO (\w+);/g), ([, member = '']) => member),
      databases: new Map(all(/CREATE DATABASE (\S+) OWNER (\S+?);/g) as [string, string][]),
    };
  });
}

test.each(EXAMPLE_NAMES)(
  '%s: its init scripts make the databases and roles that shards.yaml names',
  async (name) => {
    const config = await configOf(name);
    const made = await madeBy(name);
    const serverOf = (url: string) => made.find(({ port }) => port === new URL(url).port);
    for (const { url } of [...config.veneers, ...config.shards]) {
      const { username, password, pathname } = new URL(url.reveal());
      const server = serverOf(url.reveal());
      // The owner itself, or who may work as the owner.
      const owner = server?.databases.get(pathname.slice(1));
      expect([username, ...(server?.memberships.get(username) ?? []).map(([role]) => role)]).toContain(owner);
      expect(server?.roles.get(username)).toBe(password);
    }
    for (const { url, userMappings } of config.shards) {
      for (const { user, password } of userMappings)
      expect({ user, password: serverOf(url.reveal())?.roles.get(user) }).toEqual({ user, password: password?.reveal() }); // prettier-ignore
    }
    for (const { url } of config.veneers) {
      const roles = serverOf(url.reveal())?.roles;
      expect(config.roles.filter((role) => roles?.has(role.name) !== true)).toEqual([]);
    }
  },
);

test('embedded, the same variables name other ports of this machine', () => {
  const environment = {};
  const servers = [{ name: 'usa', port: 1, script: '', environment }];
  const variables = {
    USA_URL: 'postgres://a:b@localhost:1/c',
    USA_HOST: 'usa',
    USA_PORT: '5432',
    OTHER: 'x',
  };
  expect(onPorts({ servers, variables }, { usa: 2 })).toEqual({
    USA_URL: 'postgres://a:b@127.0.0.1:2/c',
    USA_HOST: '127.0.0.1',
    USA_PORT: '2',
    OTHER: 'x',
  });
});
