import path from 'node:path';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { reachOf, selectShards, type Selection } from '../../fleet/selection.js';
import { groupBy } from '../../group-by.js';
import { keepOutNodePgMigrate } from '../../migrations/adopt/adopt.js';
import { readDiffering, writeChecksum } from '../../migrations/ledger/accept.js';
import { exportStatements, readExports } from '../../migrations/adopt/export-history.js';
import { loadMigrations } from '../../migrations/load/load.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import { HISTORY_TABLES } from '../../migrations/adopt/read-histories.js';
import type { Session } from '../../postgres/session.js';
import { inTransaction } from '../../postgres/transaction.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { LedgerChange, LedgerReport } from '../../report/ledger.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun } from '../common/recorded-run.js';
import { refuseInDoubt, settledText } from '../common/settled.js';

export interface LedgerOptions extends Selection {
  readonly action:
    | { readonly kind: 'accept'; readonly migration: string }
    | { readonly kind: 'export'; readonly table: string | null };
  /** Write it; else only what would be written is shown. */
  readonly yes: boolean;
  /** The command as it was typed, for `next`. */
  readonly typed: string;
}

/** What one member's transaction is to write. */
interface Work {
  readonly member: string;
  readonly changes: readonly Omit<LedgerChange, 'state' | 'member'>[];
  readonly write: (session: Session) => Promise<void>;
}

/**
 * `accept`: what was applied counts as what its file says now. `export`: node-pg-migrate's pgmigrations in each tenant's
 * schema gets what the ledger has, so that that tool can go on. Under the fleet's lock, a transaction for each member;
 * without `yes` it reads only.
 */
export async function ledger(
  config: Config,
  options: LedgerOptions,
  context: CommandContext,
): Promise<LedgerReport> {
  const find = await finderOf(config, options);
  if (!options.yes) {
    const works = await withReaders(config, context, ({ sessionOf }) => find(sessionOf));
    return reportOf(config, options, works, 'to write');
  }
  return withRecordedRun(config, { ...context, command: 'ledger' }, async (run) => {
    const settled = await settleFirst(run);
    refuseInDoubt(settled);
    if (options.action.kind === 'export')
      for (const { name } of selectShards(config, options)) await keepOutNodePgMigrate(anchorOf(run, name));
    const works = await find((member) => anchorOf(run, member));
    for (const { member, write } of works) {
      const session = anchorOf(run, member);
      await inTransaction(session, () => write(session));
    }
    return reportOf(config, options, works, 'written', settled.map(settledText));
  });
}

type Finder = (sessionOf: (member: string) => Session) => Promise<Work[]>;

async function finderOf(config: Config, options: LedgerOptions): Promise<Finder> {
  const { action } = options;
  if (action.kind === 'export') return (sessionOf) => exportsOf(config, options, action.table, sessionOf);
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  const migration = migrations.find((one) => labelOf(one) === action.migration);
  if (migration === undefined) throw noSuchMigration(action.migration);
  return (sessionOf) => differencesOf(config, options, migration, sessionOf);
}

const noSuchMigration = (name: string): VeneerError =>
  new VeneerError(`no file holds a migration called ${name}`, {
    exitCode: EXIT.usage,
    hint: 'names are those of the files, without ending; shard/NAME and veneer/NAME for other scopes',
  });

async function differencesOf(
  config: Config,
  options: LedgerOptions,
  migration: Migration,
  sessionOf: (member: string) => Session,
): Promise<Work[]> {
  const works = await Promise.all(
    membersFor(config, options, migration).map(async ({ member, tenants }): Promise<Work[]> => {
      const differing = await readDiffering(sessionOf(member), migration, tenants);
      if (differing.length === 0) return [];
      const subjects = differing.map((tenant) => (tenant === '' ? member : tenant));
      return [
        {
          member,
          changes: [{ subjects, migrations: [labelOf(migration)] }],
          write: (session) => writeChecksum(session, migration, tenants),
        },
      ];
    }),
  );
  return works.flat();
}

/** Who has a migration of this scope in its ledger. */
function membersFor(
  config: Config,
  options: LedgerOptions,
  { scope }: Migration,
): { readonly member: string; readonly tenants: readonly string[] }[] {
  const shards = selectShards(config, options);
  if (scope === 'veneer') return config.veneers.map(({ name }) => ({ member: name, tenants: [] }));
  const reach = reachOf(config, shards);
  return shards
    .filter(({ name }) => scope === 'tenant' || reach.shards.has(name))
    .map(({ name, tenants }) => ({ member: name, tenants: tenants.map((tenant) => tenant.name) }));
}

async function exportsOf(
  config: Config,
  options: LedgerOptions,
  table: string | null,
  sessionOf: (member: string) => Session,
): Promise<Work[]> {
  const name = table ?? HISTORY_TABLES.pgmigrations;
  const works = await Promise.all(
    selectShards(config, options).map(async (shard): Promise<Work[]> => {
      const lacking = await readExports(sessionOf(shard.name), shard.tenants, name);
      if (lacking.length === 0) return [];
      const alike = [...groupBy(lacking, ({ migrations }) => migrations.join('\n')).values()];
      return [
        {
          member: shard.name,
          changes: alike.map((group) => ({
            subjects: group.map(({ tenant }) => tenant.name),
            migrations: group[0]?.migrations ?? [],
          })),
          write: async (session) => {
            await session.run(lacking.flatMap((one) => exportStatements(one, name)).join(';\n'));
          },
        },
      ];
    }),
  );
  return works.flat();
}

function reportOf(
  config: Config,
  { action, yes, typed }: LedgerOptions,
  works: readonly Work[],
  state: LedgerChange['state'],
  notices: readonly string[] = [],
): LedgerReport {
  return {
    command: 'ledger',
    fleet: config.fleet,
    action: action.kind,
    dryRun: !yes,
    changes: works.flatMap(({ member, changes }) => changes.map((change) => ({ member, ...change, state }))),
    problems: [],
    notices,
    exitCode: EXIT.clean,
    next: works.length === 0 ? null : yes ? 'migrate status' : `${typed} --yes`,
  };
}
