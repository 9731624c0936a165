import type { Config } from '../../config/config.js';
import { EXIT, problemOf, VeneerError, type Problem } from '../../errors.js';
import { canBeLeftOut } from '../../fleet/leave-out.js';
import { allMembers, veneerMembers, type Member } from '../../fleet/member.js';
import { openMembers } from '../../fleet/open-members.js';
import type { Anchors } from './anchors.js';

/** Locks the members; answers those that a run can do without, and why they are out of reach. */
export async function openAnchors(
  config: Config,
  command: string,
  { open, approach }: Anchors,
): Promise<Map<string, Problem>> {
  for (const member of allMembers(config)) if (member.connected === 'throughout') approach(member);
  const first = membersInOrder(config);
  for (const member of first)
    await open(member).catch((error: unknown) => explainAway(config, command, member, error));
  const unreachable = new Map<string, Problem>();
  const further = allMembers(config).filter((member) => !first.some(({ name }) => name === member.name));
  for (const [member, error] of await openMembers(further, open)) {
    const problem = problemOf(error);
    if (problem.exitCode !== EXIT.unreachable) throw error;
    if (config.leftOut.length > 0) throw needsEvery(config, problem);
    unreachable.set(member, problem);
  }
  return unreachable;
}

/**
 * Those without which a run cannot begin, in the order in which their locks are taken: the veneers in the order of their
 * names; without veneers the journal member.
 *
 * A run that leaves a veneer out needs every shard as well. Two runs that each leave another one out, or all of whose veneers
 * are out of the other's reach, have no veneer in common; by the shards' locks, one after the other, one of them gets
 * all and the other is told at once. And what a veneer that nobody can ask takes part in shows on shards alone.
 */
function membersInOrder(config: Config): readonly Member[] {
  const veneers = veneerMembers(config);
  if (veneers.length === 0) return allMembers(config).slice(0, 1);
  if (config.leftOut.length === 0) return veneers;
  return allMembers(config).filter(({ connected }) => connected === 'throughout');
}

/** Which commands take `--without`. */
const WITHOUT: readonly string[] = [
  'up',
  'down',
  'redo',
  'setup',
  'sync',
  'recover',
  'tenant add',
  'tenant drop',
];

/** Says what to type where a veneer is away that the command could do without. */
function explainAway(config: Config, command: string, { name }: Member, error: unknown): never {
  const problem = problemOf(error);
  if (problem.exitCode !== EXIT.unreachable) throw error;
  if (config.leftOut.length > 0 && !config.veneers.some((veneer) => veneer.name === name))
    throw needsEvery(config, problem);
  if (!WITHOUT.includes(command) || !canBeLeftOut(config, name)) throw error;
  const { message, hint = `bring ${name} back`, ...facts } = problem;
  throw new VeneerError(message, {
    ...facts,
    hint: `${hint}; or go on without it: migrate ${command} --without ${name}`,
  });
}

const needsEvery = ({ leftOut }: Config, { message, hint, ...facts }: Problem): VeneerError =>
  new VeneerError(message, {
    ...facts,
    hint: `${hint === undefined ? '' : `${hint}; `}a run without ${leftOut.map(({ name }) => name).join(', ')} needs every shard, by which it is told apart from others`,
  });
