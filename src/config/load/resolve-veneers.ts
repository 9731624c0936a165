import { Secret } from '../../secret.js';
import type { ShardConfig, VeneerConfig } from '../config.js';
import type { Path } from '../text/document.js';
import type { Names } from '../text/fill.js';
import { didYouMean } from '../text/nearest.js';
import { checkIdentifier, filled, filledName, ofPlace } from './reading.js';
import type { Reading } from './reading.js';
import { routeOptions } from './resolve-server.js';
import type { FleetFile } from '../schema/schema.js';
import { readUrl } from '../text/url.js';
import type { PostgresAddress } from '../text/url.js';
import type { Loose } from '../schema/validate.js';

/** A member's address with the place of its url, to find two members that are one database. */
export interface MemberAddress {
  readonly path: Path;
  readonly address: PostgresAddress;
}

/** The veneers in the order of their names. A name that is a shard too is one member, and its url stands there. */
export function resolveVeneers(
  fleet: Loose<FleetFile>,
  shards: readonly ShardConfig[],
  addresses: readonly MemberAddress[],
  reading: Reading,
): readonly VeneerConfig[] {
  const known = [...addresses];
  const veneers = reading.keysOf(['veneers']).map((name) => {
    if (name === '') reading.refuse(['veneers', name], 'a veneer without a name', 'key');
    const at = ['veneers', name, 'url'];
    const veneer = fleet.veneers?.[name];
    const own = {
      name,
      setRole: resolveRole(reading, ['veneers', name, 'role'], veneer?.role, {}),
      routes: resolveRoutes(fleet, name, reading),
    };
    const shard = shards.find((one) => one.name === name);
    if (shard !== undefined) {
      if (veneer?.url !== undefined)
        reading.refuse(at, `${name} is a shard too; its url stands once, under shards`);
      return { ...own, url: shard.url, setRole: own.setRole ?? shard.setRole };
    }
    if (reading.keysOf(['shards']).includes(name)) {
      const why = `${name} holds a database per tenant, and a veneer is one database: give it a name of its own`;
      reading.refuse(['veneers', name], why, 'key');
      return { ...own, url: new Secret('') };
    }
    // A misfit that was taken out left its key.
    if (veneer !== undefined && !Object.hasOwn(veneer, 'url'))
      reading.refuse(at, 'expected a url, but it is missing');
    const { url, address } = resolveUrl(reading, at, filled(reading, at, veneer?.url, {}));
    if (address !== null) addMember(reading, known, { path: at, address });
    return { ...own, url };
  });
  return veneers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** SET ROLE after connecting; null where the url's user itself works. */
export function resolveRole(
  reading: Reading,
  path: Path,
  text: string | undefined,
  names: Names,
): string | null {
  const role = filledName(reading, path, ofPlace(reading, path, text, names), names);
  if (role === null) return null;
  checkIdentifier(reading, path, 'the name of the role', role);
  return role;
}

/** Server options by shard, where the route of this veneer differs. */
function resolveRoutes(fleet: Loose<FleetFile>, veneer: string, reading: Reading): VeneerConfig['routes'] {
  const at = ['veneers', veneer, 'servers'];
  const known = reading.keysOf(['shards']);
  const routes = reading.keysOf(at).map((shard) => {
    const path = [...at, shard];
    if (shard === veneer) reading.refuse(path, 'a veneer never shows what it owns itself', 'key');
    else if (!known.includes(shard))
      reading.refuse(path, `no shard of this fleet is called ${shard}${didYouMean(shard, known)}`, 'key');
    return [shard, routeOptions(fleet.veneers?.[veneer]?.servers?.[shard], path, shard, reading)] as const;
  });
  return new Map(routes);
}

/** A url as a secret, with its address; null when it is missing or none (which is then noted). */
export function resolveUrl(
  reading: Reading,
  path: Path,
  text: string | null,
): { url: Secret; address: PostgresAddress | null } {
  const address = text === null ? null : readUrl(text);
  if (typeof address === 'string') reading.refuse(path, address);
  return { url: new Secret(text ?? ''), address: typeof address === 'string' ? null : address };
}

/** Notes a second member on a database that is a member already: two names would wait for each other's locks. */
export function addMember(reading: Reading, known: MemberAddress[], member: MemberAddress): void {
  const twin = known.find(({ address }) => key(address) === key(member.address));
  known.push(member);
  if (twin === undefined) return;
  const other = twin.path.slice(0, 2).join('.');
  reading.refuse(
    member.path,
    `the same database as ${other} (line ${reading.lineOf(twin.path)}); a database is one member`,
  );
}

function key({ host, port, dbname }: PostgresAddress): string {
  return JSON.stringify([host.toLowerCase(), port, dbname]);
}
