import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../../src/config/config.js';
import { ConfigError, configProblemLine } from '../../../src/config/text/config-error.js';
import { loadConfig } from '../../../src/config/load/load-config.js';
import type { ConfigSource } from '../../../src/config/load/load-config.js';

/** The smallest whole fleet; tests replace a line of it. */
export const SMALL = `fleet: small
veneers:
  veneer:
    url: postgres://owner:pw@veneer.test:5432/app
shards:
  s1:
    url: postgres://owner:pw@s1.test:6001/app
    tenants: [ada, bob]
  s2:
    url: postgres://owner:pw@s2.test:6002/app
    tenants: [eve]
roles:
  app:
    user: app_user
    password: app-password
    grant: [select]
`;

/** Runs `work` in a folder with these files, and removes it. */
export async function withFolder<T>(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'veneer-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Loads a shards.yaml with this text; further files and arguments as given. */
export async function load(
  yaml: string,
  source: Partial<ConfigSource> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Config> {
  return withFolder({ 'shards.yaml': yaml, ...files }, (cwd) => loadConfig({ cwd, env: {}, ...source }));
}

/** The problems of a shards.yaml, a line each; empty when it loads. */
export async function problemsOf(...args: Parameters<typeof load>): Promise<readonly string[]> {
  try {
    await load(...args);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(configProblemLine);
    throw error;
  }
}
