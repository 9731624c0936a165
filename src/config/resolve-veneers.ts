import { Secret } from '../secret.js';
import type { VeneerConfig } from './config.js';
import type { Path } from './document.js';
import { filled } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from './schema.js';
import { readUrl } from './url.js';
import type { PostgresAddress } from './url.js';
import type { Loose } from './validate.js';

/** A member's address with the place of its url, to find two members that are one database. */
export interface MemberAddress {
  readonly path: Path;
  readonly address: PostgresAddress;
}

/** The veneers in the order of their names. */
export function resolveVeneers(
  fleet: Loose<FleetFile>,
  shards: readonly MemberAddress[],
  reading: Reading,
): readonly VeneerConfig[] {
  const known = [...shards];
  const veneers = reading.keysOf(['veneers']).map((name) => {
    if (name === '') reading.refuse(['veneers', name], 'a veneer without a name', 'key');
    const at = ['veneers', name, 'url'];
    const veneer = fleet.veneers?.[name];
    // A name under both has its url under shards; a misfit that was taken out left its key.
    const isNeeded =
      veneer !== undefined && !Object.hasOwn(fleet.shards ?? {}, name) && !Object.hasOwn(veneer, 'url');
    if (isNeeded) reading.refuse(at, 'expected a url, but it is missing');
    const { url, address } = resolveUrl(reading, at, filled(reading, at, veneer?.url, {}));
    if (address !== null) addMember(reading, known, { path: at, address });
    return { name, url };
  });
  return veneers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
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
