import type { Config } from '../../config/config.js';
import { allMembers } from '../../fleet/member.js';
import { selectShards } from '../../fleet/selection.js';
import type { DoctorReport } from '../../report/doctor.js';
import { supportedNode } from '../../version.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { mappingsChecks } from './check-mappings.js';
import { nodeCheck } from './check-node.js';
import { doctorReport } from './doctor-report.js';
import { lookAtMember } from './look-at-member.js';
import { readSurroundings } from './surroundings.js';

export interface DoctorOptions {
  /** Globs; none means all. Veneers are looked at whatever is chosen. */
  readonly shards: readonly string[];
}

/**
 * Whether this machine and the members are fit for setup and up: reads, as whoever runs it, and needs no setup. It takes no lock of the
 * fleet, and is no substitute for `plan` and `status`, which tell of migrations and of drift. Throws (exit 64) for a glob of no shard.
 */
export async function doctor(
  config: Config,
  options: DoctorOptions,
  context: CommandContext,
): Promise<DoctorReport> {
  const shards = selectShards(config, { ...options, tenants: [] });
  const chosen = new Set(shards.map(({ name }) => name));
  const members = allMembers({ ...config, unlisted: [] }).filter(
    ({ name, veneer }) => veneer !== null || chosen.has(name),
  );
  return withReaders(config, context, async (readers) => {
    const around = await readSurroundings(config, shards, { readers, who: context.who });
    const looks = await Promise.all(members.map((member) => lookAtMember(around, member)));
    const lost = new Set(looks.flatMap(({ member, problem }) => (problem === null ? [] : [member.member])));
    const isThere = ({ name }: { readonly name: string }): boolean => !lost.has(name);
    const mappings = await mappingsChecks(
      config,
      shards.filter(isThere),
      config.veneers.filter(isThere),
      readers,
    );
    return doctorReport(config, {
      machine: [nodeCheck(process.version, supportedNode())],
      looks,
      mappings,
      notices: around.notices,
    });
  });
}
