import type { Config, TenantQuery, TenantRow } from '../config/config.js';
import type { FleetSource } from '../config/load/load-config.js';
import { EXIT, VeneerError } from '../errors.js';
import { withUnsettled } from './ask-unsettled.js';
import { allVeneers } from './leave-out.js';
import { MemberError } from '../postgres/member-error.js';
import { withSession, type Answer, type Session } from '../postgres/session.js';
import { inReadOnly } from '../postgres/transaction.js';

/** How long (milliseconds) the query may take. */
const STATEMENT_MS = 30_000;

/** The word for the database of `tenants.url` in messages. */
const CONTROL = 'control database';

/**
 * The fleet with its tenants: those of shards.yaml, or those that the database named there answers now, once, so that a
 * command works on one list from its beginning to its end. Throws (exit 23) where that database cannot be reached, (exit
 * 78) where it does not answer rows of (tenant, shard) that fit the fleet.
 */
export async function readFleet(source: FleetSource, who: string): Promise<Config> {
  const config = source.read();
  const { tenantQuery } = config;
  const read =
    tenantQuery === null ? config : source.read({ tenants: await askTenants(config, tenantQuery, who) });
  return withUnsettled(source, read, who);
}

/**
 * The fleet for those who work on its members and not on its tenants: nobody is asked, but where each tenant is a member.
 * So a crash is settled while the control database is away.
 */
export async function readMembers(source: FleetSource, who: string): Promise<Config> {
  const config = source.read();
  return config.tenantIs === 'schema' ? config : readFleet(source, who);
}

/** Runs the query, as whoever the url names, in a transaction that may only read. */
async function askTenants(config: Config, { query, url }: TenantQuery, who: string): Promise<TenantRow[]> {
  // The same database whoever is left out: the tenants are in no other.
  const [first] = allVeneers(config);
  const asked = url ?? first?.url;
  if (asked === undefined) throw new Error('a fleet without veneers names the url that is asked');
  const member = url === null && first !== undefined ? first.name : CONTROL;
  try {
    const options = { member, url: asked, applicationName: `pgv reading ${who}` };
    return await withSession(options, async (session) => rowsOf(member, await askOnce(session, query)));
  } catch (error) {
    throw explain(error, member);
  }
}

/**
 * The path of a query is that of its author's own sessions, not ours. What the query does besides reading is refused by
 * the server, also where it ends the transaction.
 */
async function askOnce(session: Session, query: string): Promise<readonly Answer[]> {
  await session.run(`SET default_transaction_read_only = on; SET statement_timeout = ${STATEMENT_MS}`);
  return inReadOnly(session, async () => {
    await session.run('RESET search_path');
    return session.ask(query);
  });
}

function rowsOf(member: string, answers: readonly Answer[]): TenantRow[] {
  const [answer] = answers;
  if (answer === undefined || answers.length > 1 || answer.command !== 'SELECT')
    throw unfit(member, 'it has to be one SELECT');
  if (answer.columns !== 2)
    throw unfit(member, `it has to give two columns, tenant and shard, not ${answer.columns}`);
  return answer.rows.map(([tenant, shard], index) => ({
    tenant: nameIn(member, index, tenant),
    shard: nameIn(member, index, shard),
  }));
}

function nameIn(member: string, index: number, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const what = value === null || value === undefined ? 'NULL' : 'neither text nor a number';
  throw unfit(member, `row ${index + 1} has a value that is ${what}`);
}

const unfit = (member: string, problem: string): VeneerError =>
  new VeneerError(`tenants.query does not answer which tenants there are: ${problem}`, {
    exitCode: EXIT.config,
    where: { member },
    hint: `correct tenants.query in shards.yaml: SELECT name, shard FROM … WHERE …`,
  });

function explain(error: unknown, member: string): unknown {
  if (!(error instanceof MemberError)) return error;
  const { exitCode } = error.facts;
  if (exitCode === EXIT.unreachable)
    return new VeneerError(`which tenants there are cannot be asked: ${error.message}`, {
      ...error.facts,
      hint: `${error.facts.hint ?? 'tenants.url in shards.yaml is the database that knows the tenants'}; nothing was begun, and what a crash left is settled without it: migrate recover`,
    });
  return new VeneerError(`tenants.query fails: ${error.message}`, {
    ...error.facts,
    exitCode: EXIT.config,
    where: { member },
    hint:
      error.facts.hint ??
      'correct tenants.query in shards.yaml, or the rights of whom tenants.url connects as',
  });
}
