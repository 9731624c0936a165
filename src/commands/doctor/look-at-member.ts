import { EXIT, problemOf, type Problem } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import type { Session } from '../../postgres/session.js';
import type { CheckName, DoctorCheck, DoctorMember } from '../../report/doctor.js';
import { clockCheck, readClock } from './check-clock.js';
import { connectionCheck, unreachedCheck } from './check-connection.js';
import { extensionsChecks } from './check-extensions.js';
import { isInDoubt, leftCheck, readLeft } from './check-left.js';
import { ownerCheck } from './check-owner.js';
import { passwordsCheck } from './check-mappings.js';
import { rightsChecks } from './check-rights.js';
import { connectionsCheck, locksCheck, slotsCheck } from './check-rooms.js';
import { settingsChecks } from './check-settings.js';
import { setupChecks } from './check-setup.js';
import { versionCheck, versionText, type Versioned } from './check-version.js';
import { asking, notAsked } from './outcomes.js';
import type { Surroundings } from './surroundings.js';

/** A member's checks, and what of them counts for the exit code. */
export interface MemberLook {
  readonly member: DoctorMember;
  /** It could not be reached, or was lost. */
  readonly problem: Problem | null;
  /** A step of ours is prepared there, and nobody is at work. */
  readonly inDoubt: boolean;
}

/** Every check of a member but that of its user mappings. Throws what is a fault of ours. */
export async function lookAtMember(around: Surroundings, member: Member): Promise<MemberLook> {
  const { sessions, unreachable } = around.readers;
  const session = sessions.get(member.name);
  try {
    if (session === undefined) return unreached(member, unreachable.get(member.name) ?? unknown(member));
    const left = await readLeft(session, around.config.fleet);
    const checks = [...(await checksOf(around, member, session)), leftCheck(left)];
    const { name, role } = member;
    return {
      member: { member: name, role, version: versionText(session.server.version), checks },
      problem: null,
      inDoubt: isInDoubt(left),
    };
  } catch (error) {
    const problem = problemOf(error);
    if (problem.exitCode !== EXIT.unreachable) throw error;
    return unreached(member, problem);
  }
}

/** What only the server tells is asked once for all databases of it. */
async function checksOf(
  around: Surroundings,
  member: Member,
  session: Session,
): Promise<readonly DoctorCheck[]> {
  const isServers = member.connected === 'throughout';
  const { config, shards, tried, readers } = around;
  const unready = new Set(tried.refused.keys());
  const shard = shards.find(({ name }) => name === member.name);
  const isShown = shard !== undefined && config.veneers.some(({ name }) => name !== shard.name);
  const reached = shards.map(({ name }) => name).filter((name) => readers.sessions.has(name));
  return [
    connectionCheck(member, session, isServers ? await anotherPid(around, member.name) : null),
    ...(isServers ? await serverChecks(around, member, session) : []),
    ...(await asking('settings', () => settingsChecks(session))),
    ...(member.veneer === null
      ? []
      : await asking('extensions', () => extensionsChecks(config, session, reached, readers.sessionOf))),
    ...(await asking('setup', () => setupChecks(config, member, session, unready))),
    ...(await asking('rights', () => rightsChecks(config, member, session))),
    ...(await asking('owner', async () => [await ownerCheck(config, session, member.shard)])),
    ...(shard === undefined || !isShown ? [] : [passwordsCheck(shard, tried)]),
  ];
}

async function serverChecks(
  around: Surroundings,
  member: Member,
  session: Session,
): Promise<readonly DoctorCheck[]> {
  const { config, readers, roomOf } = around;
  const room = roomOf(member.name);
  const versioned = (name: string): Versioned[] => {
    const version = readers.sessions.get(name)?.server.version;
    return version === undefined ? [] : [{ member: name, version }];
  };
  const shown = member.veneer === null ? [] : shardsShownOn(config, member.name);
  return [
    versionCheck(
      { member: member.name, version: session.server.version },
      shown.flatMap(({ name }) => versioned(name)),
    ),
    ...(room === undefined
      ? ROOMS.map((check) => notAsked(check, 'what the server has left could not be read'))
      : [slotsCheck(room, session), connectionsCheck(room), locksCheck(room, await locksEach(session))]),
    clockCheck(await readClock(session)),
  ];
}

const ROOMS: readonly CheckName[] = ['prepared transactions', 'connections', 'locks'];

async function locksEach(session: Session): Promise<number> {
  const [row] = await session.query<{ each: number }>(
    `SELECT current_setting('max_locks_per_transaction')::int AS each`,
  );
  return row?.each ?? 0;
}

/** Of another connection; null where none is to be had, which the check of connections tells. */
const anotherPid = ({ readers }: Surroundings, member: string): Promise<number | null> =>
  readers.another(member).then(
    ({ pid }) => pid,
    () => null,
  );

const unreached = (member: Member, problem: Problem): MemberLook => ({
  member: {
    member: member.name,
    role: member.role,
    version: null,
    checks: [
      unreachedCheck(member, problem),
      ...UNREACHED.map((check) => notAsked(check, `${member.name} was not reached`)),
    ],
  },
  problem: { ...problem, where: { member: member.name, ...problem.where } },
  inDoubt: false,
});

/** What is known of a member that nobody could ask: nothing. */
const UNREACHED: readonly CheckName[] = [
  'version',
  ...ROOMS,
  'settings',
  'setup',
  'rights',
  'owner',
  'left prepared',
  'clock',
];

const unknown = ({ name }: Member): Problem => ({
  message: `${name} was not asked`,
  exitCode: EXIT.unreachable,
});
