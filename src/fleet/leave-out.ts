import type { Config, VeneerConfig } from '../config/config.js';
import type { FleetSource } from '../config/load/load-config.js';
import { didYouMean } from '../config/text/nearest.js';
import { EXIT, VeneerError } from '../errors.js';

/** Every edition of the fleet without these veneers. Throws (exit 64) as {@link leaveOut} does. */
export const leavingOut = (source: FleetSource, names: readonly string[]): FleetSource =>
  names.length === 0 ? source : { ...source, read: (edition) => leaveOut(source.read(edition), names) };

/**
 * The fleet without some of its veneers (`--without`): whoever works on what is answered knows of the others only that
 * they are left out. Throws (exit 64) for a name that is no veneer's, for one that is a shard too, since its own tenants
 * would be left out with it, and where none would be left: somebody has to be there to whom the shards' definitions
 * are shown, and the locks of the veneers that remain tell runners apart.
 */
export function leaveOut(config: Config, names: readonly string[]): Config {
  const veneers = allVeneers(config);
  for (const name of names) refuseName(config, veneers, name);
  const rest = veneers.filter(({ name }) => !names.includes(name));
  if (rest.length === 0) throw noneLeft(veneers);
  return { ...config, veneers: rest, leftOut: veneers.filter(({ name }) => names.includes(name)) };
}

/** In the order of their names, those that are left out included. */
export const allVeneers = ({ veneers, leftOut }: Pick<Config, 'veneers' | 'leftOut'>): VeneerConfig[] =>
  [...veneers, ...leftOut].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Could a command go on without this member, while another veneer is there? */
export function canBeLeftOut(config: Config, member: string): boolean {
  const isVeneer = config.veneers.some(({ name }) => name === member);
  return isVeneer && config.veneers.length > 1 && !config.shards.some(({ key }) => key === member);
}

/** What a command says at its end of the veneers that it did without, one sentence each. */
export const leftOutNotices = ({ leftOut }: Pick<Config, 'leftOut'>): string[] =>
  leftOut.map(
    ({ name }) =>
      `${name} was left out, and shows the fleet as it was: stale wherever this run changed something. When it is back: migrate setup, migrate sync, migrate up`,
  );

function refuseName(config: Config, veneers: readonly VeneerConfig[], name: string): void {
  const known = veneers.map((veneer) => veneer.name);
  if (!known.includes(name))
    throw new VeneerError(`no veneer of this fleet is called ${name}${didYouMean(name, known)}`, {
      exitCode: EXIT.usage,
      hint: `veneers: ${known.join(', ')}`,
    });
  if (!config.shards.some(({ key }) => key === name)) return;
  throw new VeneerError(`${name} is a shard too, and cannot be left out`, {
    exitCode: EXIT.usage,
    where: { member: name },
    hint: 'bring it back: what it shows and what it owns change in one transaction',
  });
}

const noneLeft = (veneers: readonly VeneerConfig[]): VeneerError =>
  new VeneerError('no veneer would be left', {
    exitCode: EXIT.usage,
    hint: `bring back ${veneers.map(({ name }) => name).join(' or ')}: without any, nobody would be shown what the shards become`,
  });
