import type { ServerConfig } from './config.js';
import type { Path } from './document.js';
import { checkIdentifier, filled, filledName, shownName } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from './schema.js';
import type { PostgresAddress } from './url.js';
import type { Loose } from './validate.js';

type OptionValue = string | number | boolean;

/** What a server is made from. */
interface ServerSource {
  readonly fleet: Loose<FleetFile>;
  readonly shard: string;
  readonly address: PostgresAddress | null;
  /** Names of servers taken so far, with their shards; this one is added. */
  readonly servers: Map<string, string>;
}

/** The postgres_fdw server of a shard: its own options over those for all, over the parts of its url. */
export function resolveServer(source: ServerSource, reading: Reading): ServerConfig {
  const { fleet, shard, address } = source;
  const own = writtenOptions(fleet.shards?.[shard]?.server, ['shards', shard, 'server']);
  const written = new Map([...writtenOptions(fleet.server, ['server']), ...own]);
  const name = serverName(source, written.get('name'), reading);
  written.delete('name');
  const options = [...written].map(
    ([key, option]) => [key, optionText(key, option, shard, reading)] as const,
  );
  return { name, options: { ...address, ...Object.fromEntries(options) } };
}

/** Options of one veneer's server, over those of the shard; its name is the shard's, the same on every veneer. */
export function routeOptions(
  route: WrittenOptions | undefined,
  path: Path,
  shard: string,
  reading: Reading,
): Readonly<Record<string, string>> {
  const written = writtenOptions(route, path);
  const name = written.get('name');
  if (name !== undefined)
    reading.refuse(name.path, 'a server has one name on all veneers; it stands under the shard', 'key');
  return Object.fromEntries(
    [...written].map(([key, option]) => [key, optionText(key, option, shard, reading)] as const),
  );
}

type WrittenOptions = Readonly<Record<string, OptionValue | undefined>>;

interface WrittenOption {
  readonly path: Path;
  readonly value: OptionValue;
}

function writtenOptions(options: WrittenOptions | undefined, path: Path): Map<string, WrittenOption> {
  return new Map(
    Object.entries(options ?? {}).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, { path: [...path, key], value }]],
    ),
  );
}

function serverName(source: ServerSource, option: WrittenOption | undefined, reading: Reading): string {
  const { shard, servers } = source;
  const at = option?.path ?? ['shards', shard];
  const written = option === undefined ? '{shard}_server' : String(option.value);
  const name = filledName(reading, at, written, { shard });
  if (name === null) return '';
  const other = servers.get(name);
  if (other !== undefined) {
    reading.refuse(
      at,
      `the server name ${shownName(written, name)} is taken by shard ${other}; every shard needs its own`,
      placeOf(option),
    );
  }
  servers.set(name, shard);
  checkIdentifier(reading, at, `the server name of shard ${shard}`, name);
  return name;
}

/** A name made by default stands nowhere: the shard's key is its place. */
function placeOf(option: WrittenOption | undefined): 'key' | 'value' {
  return option === undefined ? 'key' : 'value';
}

/** These are options of a user mapping; as server options they would be visible to everyone. */
const OF_USERS: readonly string[] = ['user', 'password', 'sslpassword'];

function optionText(key: string, { path, value }: WrittenOption, shard: string, reading: Reading): string {
  if (OF_USERS.includes(key))
    reading.refuse(path, `${key} is no option of a server; users and passwords stand under roles`, 'key');
  const text = filled(reading, path, String(value), { shard }) ?? '';
  const isPort =
    key !== 'port' || text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535);
  if (!isPort) reading.refuse(path, 'expected a port, a whole number from 1 to 65535');
  return text;
}
