import type { ServerConfig } from '../config.js';
import type { Path } from '../text/document.js';
import type { Names } from '../text/fill.js';
import { checkIdentifier, filled, filledName, ofPlace, shownName } from './reading.js';
import type { Reading } from './reading.js';
import type { Place } from './resolve-places.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

type OptionValue = string | number | boolean;

/** What a server is made from. */
interface ServerSource extends Pick<Place, 'names' | 'shown' | 'address'> {
  readonly fleet: Loose<FleetFile>;
  /** The shard's key. */
  readonly shard: string;
  /** Names of servers taken so far, with whose they are; this one is added. */
  readonly taken: Map<string, string>;
}

/** The postgres_fdw server of a shard, or of a tenant's database: its own options over those for all, over the parts of its url. */
export function resolveServer(source: ServerSource, reading: Reading): ServerConfig {
  const { fleet, shard, address, names } = source;
  const own = writtenOptions(fleet.shards?.[shard]?.server, ['shards', shard, 'server']);
  const written = new Map([...writtenOptions(fleet.server, ['server']), ...own]);
  const name = serverName(source, written.get('name'), reading);
  written.delete('name');
  const options = [...written].map(
    ([key, option]) => [key, optionText(key, option, names, reading)] as const,
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
    [...written].map(([key, option]) => [key, optionText(key, option, { shard }, reading)] as const),
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
  const { shard, names, shown, taken } = source;
  const at = option?.path ?? ['shards', shard];
  const written = option === undefined ? defaultName(names) : String(option.value);
  const name = filledName(reading, at, ofPlace(reading, at, written, names), names);
  if (name === null) return '';
  const other = taken.get(name);
  if (other !== undefined) {
    const each = names.tenant === undefined ? 'every shard needs its own' : 'put {tenant} into it';
    reading.refuse(
      at,
      `the server name ${shownName(written, name)} is taken by ${other}; ${each}`,
      placeOf(option),
    );
  }
  taken.set(name, shown);
  checkIdentifier(reading, at, `the server name of ${shown}`, name);
  return name;
}

/** A tenant's name is its own in the whole fleet, and so is its server's. */
const defaultName = ({ tenant }: Names): string =>
  tenant === undefined ? '{shard}_server' : '{tenant}_server';

/** A name made by default stands nowhere: the shard's key is its place. */
function placeOf(option: WrittenOption | undefined): 'key' | 'value' {
  return option === undefined ? 'key' : 'value';
}

/** These are options of a user mapping; as server options they would be visible to everyone. */
const OF_USERS: readonly string[] = ['user', 'password', 'sslpassword'];

function optionText(key: string, { path, value }: WrittenOption, names: Names, reading: Reading): string {
  if (OF_USERS.includes(key))
    reading.refuse(path, `${key} is no option of a server; users and passwords stand under roles`, 'key');
  if (key === 'dbname' && names.tenant !== undefined && !String(value).includes('{tenant}'))
    reading.refuse(path, 'each tenant has a database of its own (tenant.database); put {tenant} into it');
  const text = filled(reading, path, ofPlace(reading, path, String(value), names), names) ?? '';
  const isPort =
    key !== 'port' || text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535);
  if (!isPort) reading.refuse(path, 'expected a port, a whole number from 1 to 65535');
  return text;
}
