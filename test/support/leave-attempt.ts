import { openSession } from '../../src/postgres/session.js';
import { formatGid, type AttemptId } from '../../src/protocol/run/gid.js';
import { writeIntent, type IntentParticipant } from '../../src/protocol/run/journal.js';
import { Secret } from '../../src/secret.js';
import type { TestFleet } from './test-fleet.js';

/** What a crash left of one participant. `absent`: its server rolled it back, or it never came to its PREPARE. */
export interface Part {
  readonly member: string;
  readonly state: 'prepared' | 'committed' | 'absent';
}

export interface Leftover {
  readonly parts: readonly Part[];
  /** Whether the intent was written. */
  readonly intent: boolean;
  /** Changes what the intent says about its participants. */
  readonly recorded?: (participant: IntentParticipant) => IntentParticipant;
  readonly id?: Partial<AttemptId>;
  /** What each participant does in its transaction. */
  readonly sql?: (member: string) => string;
}

/** Leaves an attempt behind as a runner does that was killed half way; answers the gids of its participants. */
export async function leaveAttempt(fleet: TestFleet, leftover: Leftover): Promise<string[]> {
  const { parts, intent, recorded = (participant) => participant, sql = () => 'SELECT 1' } = leftover;
  const id = { fleet: fleet.name, step: 'm1-ab.1', nonce: 'c0ffee', ...leftover.id };
  const gidOf = (index: number): string => formatGid({ ...id, participant: index + 1, n: parts.length });
  if (intent) {
    const participants = await Promise.all(parts.map(({ member }) => participantOf(fleet, member)));
    const journal = await openSession({
      member: 'veneer',
      url: new Secret(fleet.urlOf('veneer')),
      applicationName: 'test',
    });
    await writeIntent(journal, {
      ...id,
      migration: '0001_left',
      protocol: 'two-phase',
      participants: participants.map(recorded),
    });
    await journal.close();
  }
  for (const [index, { member, state }] of parts.entries()) {
    if (state === 'absent') continue;
    const client = await fleet.connect(member);
    await client.query(`BEGIN; ${sql(member)}`);
    await client.query(
      'INSERT INTO pgveneer.step (fleet, step, nonce, participant, n) VALUES ($1, $2, $3, $4, $5)',
      [id.fleet, id.step, id.nonce, index + 1, parts.length],
    );
    await client.query(state === 'prepared' ? `PREPARE TRANSACTION '${gidOf(index)}'` : 'COMMIT');
  }
  return parts.map((_, index) => gidOf(index));
}

async function participantOf(fleet: TestFleet, member: string): Promise<IntentParticipant> {
  const session = await openSession({
    member,
    url: new Secret(fleet.urlOf(member)),
    applicationName: 'test',
  });
  const { systemIdentifier, databaseOid, user } = session.server;
  await session.close();
  const role = member === 'veneer' ? 'veneer' : 'shard';
  return { member, role, systemIdentifier, databaseOid, user, xid: '1', statements: [] };
}

/** The transactions that are prepared in the fleet's own databases: member and gid. */
export async function preparedIn(fleet: TestFleet): Promise<string[]> {
  const found = await Promise.all(
    fleet.servers.map(async ({ name }) => {
      const rows = await fleet.query(
        name,
        'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY gid',
      );
      return rows.map(({ gid }) => `${name} ${String(gid)}`);
    }),
  );
  return found.flat();
}
