import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { findMember } from '../../fleet/member.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { markOf, markStatement } from '../../protocol/tenants/database-mark.js';
import { countHeld } from '../../protocol/tenants/tenant-database.js';
import { plain } from '../../veneer/servers.js';
import { lackedBy } from '../setup/setup-plan.js';
import { planShard } from '../setup/setup-shard.js';
import { stateStatements } from '../setup/setup-state.js';

/**
 * All that a tenant's own database needs before its first migration: what `setup` makes there, who gets in, and that the
 * mark of its making goes with the same commit. Throws (exit 20) where it holds something by now; `isNew`: this run made it,
 * so that what it holds came with the server's template.
 */
export async function furnishDatabase(
  config: Config,
  shard: ShardConfig,
  session: Session,
  isNew: boolean,
): Promise<readonly string[]> {
  const held = isNew ? 0 : await countHeld(session);
  const member = findMember(config, shard.name);
  if (held > 0 || member === undefined) throw filled(session, held);
  const state = (await stateStatements(config, session, member)).map(plain);
  const ofShard = await planShard(config, shard, session);
  const statements = [...state, ...ofShard.statements];
  const lacked = lackedBy({ ...ofShard, statements });
  if (lacked.length > 0) throw lacking(session, lacked);
  return [...statements.map(({ sql }) => sql), ...(await ofDatabase(shard, session))];
}

/**
 * The rights of a database of which nobody has said anything yet: whoever the veneer's roles are there gets in, and the
 * runner; the users of other tenants, which are roles of the same server, do not. A database whose rights somebody has given
 * keeps them.
 */
async function ofDatabase({ userMappings }: ShardConfig, session: Session): Promise<string[]> {
  const [row] = await session.query<{ comment: string | null; untold: boolean; login: string }>(
    `SELECT shobj_description(oid, 'pg_database') AS comment, session_user::text AS login,
            datacl IS NULL AND pg_get_userbyid(datdba) = current_user AS untold
       FROM pg_database WHERE datname = current_database()`,
  );
  const database = ident(session.server.database);
  const users = new Set([...userMappings.map(({ user }) => user), row?.login ?? session.server.user]);
  const access = [
    `REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`,
    ...[...users].map((user) => `GRANT CONNECT ON DATABASE ${database} TO ${ident(user)}`),
  ];
  const isMarked = markOf(row?.comment ?? null) !== null;
  return [
    ...(row?.untold === true ? access : []),
    ...(isMarked ? [markStatement({ database: session.server.database }, null)] : []),
  ];
}

const filled = (session: Session, held: number): VeneerError =>
  new VeneerError(`database ${session.server.database} is not empty: it holds ${held} objects`, {
    exitCode: EXIT.failed,
    where: { member: session.member },
    hint: 'somebody has put them there meanwhile: choose another name, or adopt it (migrate setup, migrate baseline)',
  });

const lacking = (session: Session, statements: readonly string[]): VeneerError =>
  new VeneerError(`${session.member} lacks what its user may not make itself`, {
    exitCode: EXIT.failed,
    where: { member: session.member },
    hint: `have a superuser run there: ${statements.join('; ')}; then run the same command again`,
  });
