import type { Config, ShardConfig } from '../config/config.js';
import type { FleetSource } from '../config/load/load-config.js';
import { withSession } from '../postgres/session.js';
import { listed } from './listed.js';
import { addressOf, allMembers, veneerMembers, type Member } from './member.js';

/**
 * The fleet with the databases that the journal's intents name and nothing lists. A tenant that is made is listed last, and
 * one that is dropped is taken out of the list first; without this, what a crash leaves in between could be settled by nobody
 * but the same command. What the journal says may have changed until a run has the fleet's lock: then a database is missing,
 * its step stays in doubt, and whoever looks next finds it; or there is one too many, in which there is nothing to settle.
 */
export async function withUnsettled(source: FleetSource, config: Config, who: string): Promise<Config> {
  if (config.tenantIs === 'schema') return config;
  const veneers = veneerMembers(config);
  const journals = veneers.length > 0 ? veneers : allMembers(config).slice(0, 1);
  // Where a journal cannot be read, whoever needs it says so better.
  const named = await Promise.all(
    journals.map((journal) => readNamed(config, journal, who).catch((): string[] => [])),
  );
  const known = new Set(allMembers(config).map(({ name }) => name));
  const unlisted = [...new Set(named.flat())]
    .filter((name) => !known.has(name))
    .flatMap((name) => placeOf(source, config, name) ?? []);
  return { ...config, unlisted };
}

/** Names of members that take part in attempts that may be unsettled; none where the fleet was never set up. */
const readNamed = (config: Config, journal: Member, who: string): Promise<string[]> =>
  withSession({ ...addressOf(journal), applicationName: `pgv reading ${who}` }, async (session) => {
    const [table] = await session.query(`SELECT WHERE to_regclass('pgveneer.intent') IS NOT NULL`);
    if (table === undefined) return [];
    const rows = await session.query<{ member: string }>(
      `SELECT DISTINCT p ->> 'member' AS member
         FROM pgveneer.intent i CROSS JOIN LATERAL jsonb_array_elements(i.participants) AS p WHERE i.fleet = $1`,
      [config.fleet],
    );
    return rows.map(({ member }) => member);
  });

/** The database of a tenant, by its name as a member; null where it is none of this fleet, or shards.yaml has no place for it. */
function placeOf(source: FleetSource, config: Config, member: string): ShardConfig | null {
  const key = [...config.servers.keys()].find((shard) => member.startsWith(`${shard}/`));
  if (key === undefined) return null;
  try {
    const edited = listed(source, config, key, [member.slice(key.length + 1)]).config;
    return edited.shards.find(({ name }) => name === member) ?? null;
  } catch {
    // A variable of its own, its password perhaps, is gone from the environment: the step stays in doubt, and says so.
    return null;
  }
}
