import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A project folder as a user has it: shards.yaml, .env and migrations. */
export interface TestProject {
  readonly dir: string;
  /** Writes `migrations/<file>`, which may be in a folder of a scope. */
  writeMigration: (file: string, text: string) => Promise<void>;
  writeConfig: (text: string) => Promise<void>;
  readConfig: () => Promise<string>;
  remove: () => Promise<void>;
}

export async function makeProject(
  config: string,
  env: Readonly<Record<string, string>>,
): Promise<TestProject> {
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-project-'));
  const write = (file: string, text: string): Promise<void> => writeFile(join(dir, file), text);
  await mkdir(join(dir, 'migrations'));
  await write('shards.yaml', config);
  await write('.env', Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join('')); // prettier-ignore
  return {
    dir,
    writeMigration: async (file, text) => {
      await mkdir(dirname(join(dir, 'migrations', file)), { recursive: true });
      await write(join('migrations', file), text);
    },
    writeConfig: (text) => write('shards.yaml', text),
    readConfig: () => readFile(join(dir, 'shards.yaml'), 'utf8'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

const shard = (name: string, tenants: string): string => `
  ${name}:
    url: \${${name.toUpperCase()}_URL}
    server: { name: ${name}_server, host: "\${${name.toUpperCase()}_HOST}", port: "\${${name.toUpperCase()}_PORT}" }
    tenants: [${tenants}]`;

/** The bookstore's shards.yaml; lock names and gids hold the fleet's name, so every test has its own. */
export function bookstoreYaml(fleet: string): string {
  return `fleet: ${fleet}
migrations: ./migrations

veneers:
  veneer:
    url: \${VENEER_URL}

shards:${shard('shard1', 'bluth_co')}${shard('shard2', 'cyberdyne, dunder_mifflin')}${shard('shard3', 'initech')}

roles:
  veneer_admin:
    user: bookstore_admin
    password: \${ADMIN_PASSWORD_{shard}}
  veneer_app:
    user: bookstore_app
    password: \${APP_PASSWORD_{shard}}
    grant: [select, insert, update, delete]

rollout: { canary: [shard1], lock_wait: 2s, lock_hold: 30s }
`;
}
