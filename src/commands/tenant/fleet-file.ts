import { chmod, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Config, TenantConfig } from '../../config/config.js';
import { ConfigError } from '../../config/text/config-error.js';
import { unlistTenants } from '../../config/text/edit-tenants.js';
import type { FleetSource } from '../../config/load/load-config.js';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { listed, rowsOf, type Edited } from '../../fleet/listed.js';

/**
 * With new tenants of one shard. Throws (exit 64) where one cannot be called so, and a ConfigError (exit 78) where that would
 * not be a fleet for another reason: a variable that a tenant needs, say.
 */
export function withTenants(
  source: FleetSource,
  config: Config,
  shard: string,
  names: readonly string[],
): Edited {
  const edited = blamingNames(names, () => listed(source, config, shard, names));
  const present = tenantsOn(edited.config, shard).map(({ name }) => name);
  const expected = [...tenantsOn(config, shard).map(({ name }) => name), ...names];
  if (present.toSorted().join('\0') !== expected.toSorted().join('\0')) throw notWritable(shard, names);
  return edited;
}

/** Without them the file was read as it is: what is wrong with its list of tenants then is their names, which were typed. */
function blamingNames(names: readonly string[], read: () => Edited): Edited {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError) || !error.problems.every(isOfList)) throw error;
    const reasons = [...new Set(error.problems.map(({ message }) => message))];
    throw new VeneerError(
      `${names.map((name) => JSON.stringify(name)).join(', ')} cannot be ${names.length === 1 ? 'a tenant' : 'tenants'}: ${reasons.join('; ')}`,
      { exitCode: EXIT.usage, hint: 'nothing was done; choose another name' },
    );
  }
}

const isOfList = ({ path }: { readonly path: string }): boolean => /\.tenants\[\d+\]$/.test(path);

/** Without a tenant that is listed. */
export function withoutTenant(source: FleetSource, config: Config, tenant: TenantConfig): Edited {
  const place = tenantsOn(config, tenant.shard).findIndex(({ name }) => name === tenant.name);
  if (place < 0) return { config, text: null };
  if (config.tenantQuery !== null) {
    const tenants = rowsOf(config).filter((row) => row.tenant !== tenant.name);
    return { config: { ...source.read({ tenants }), unlisted: config.unlisted }, text: null };
  }
  const text = unlistTenants(source.text, tenant.shard, [place]);
  return { config: { ...source.read({ text }), unlisted: config.unlisted }, text };
}

const tenantsOn = ({ shards }: Config, shard: string): readonly TenantConfig[] =>
  shards.filter(({ key }) => key === shard).flatMap(({ tenants }) => tenants);

const notWritable = (shard: string, names: readonly string[]): VeneerError =>
  new VeneerError(`shards.yaml cannot be given ${names.join(', ')} by a program`, {
    exitCode: EXIT.config,
    hint: `write it under shards.${shard}.tenants by hand, then run the same command again`,
  });

/**
 * Throws (exit 20) where `replaceFile` would fail by rights or a full disk: before the servers are ahead of the file. What
 * becomes of the file meanwhile is another matter.
 */
export async function tryToReplace({ file }: FleetSource): Promise<void> {
  try {
    const fresh = freshName(await realpath(file));
    await writeFile(fresh, '');
    await rm(fresh);
  } catch (error) {
    throw new VeneerError(`shards.yaml cannot be written: ${textOf(error)}`, {
      exitCode: EXIT.failed,
      where: { file },
      hint: 'nothing was done: the list of tenants is kept there, so run it where file and folder may be written',
    });
  }
}

/** Beside the file, so that it can be moved into its place. */
const freshName = (target: string): string => `${target}.${process.pid}.new`;

/** What there is on the servers when the file is written: what it will say already, or all as it was. */
export type Servers = 'ahead' | 'as they were';

const FAILED = {
  ahead: {
    exitCode: EXIT.partial,
    hint: 'what the servers have stays; bring the list of tenants in shards.yaml in line by hand',
  },
  'as they were': { exitCode: EXIT.failed, hint: 'nothing was done: run the same command again' },
} as const;

/**
 * Puts a new text in the file's place, whole or not at all. Throws where the file is another one by now, or cannot be written:
 * exit 21 where the servers are ahead of it, else exit 20.
 */
export async function replaceFile(
  { file }: FleetSource,
  { before, text }: { readonly before: string; readonly text: string },
  servers: Servers,
): Promise<void> {
  try {
    const target = await realpath(file);
    if ((await readFile(target, 'utf8')) !== before) throw new Error('it was changed meanwhile');
    const fresh = freshName(target);
    await writeFile(fresh, text);
    await chmod(fresh, (await stat(target)).mode);
    await rename(fresh, target);
  } catch (error) {
    throw new VeneerError(`shards.yaml could not be written: ${textOf(error)}`, FAILED[servers]);
  }
}
