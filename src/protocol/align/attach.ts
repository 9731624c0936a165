import { EXIT, VeneerError } from '../../errors.js';
import { display, qualified } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { attachSql, type AttachedPartition } from '../../veneer/tables/reconcile-partition.js';

/**
 * Runs statements of which the last attaches a partition, in the open transaction. What stands in the way is said with
 * the way out (exit 20): rows in the DEFAULT partition with their number, bounds that overlap, a parent that is missing.
 */
export async function runAttaching(
  session: Session,
  limits: readonly string[],
  statements: readonly string[],
  partition: AttachedPartition,
): Promise<void> {
  await session.run('SAVEPOINT pgveneer_attach');
  try {
    await session.run([...limits, ...statements, 'RELEASE SAVEPOINT pgveneer_attach'].join('; '));
  } catch (error) {
    if (!(error instanceof VeneerError)) throw error;
    throw (await explained(session, statements, partition, error)) ?? error;
  }
}

async function explained(
  session: Session,
  statements: readonly string[],
  partition: AttachedPartition,
  error: VeneerError,
): Promise<VeneerError | null> {
  const hint = HINTS.find(([state]) => isState(error, state))?.[1];
  if (isState(error, SQLSTATE.checkViolation)) {
    const rows = await countInDefault(session, statements, partition).catch(() => null);
    if (rows !== null) return inDefault(session, partition, rows);
  }
  if (hint === undefined) return null;
  return new VeneerError(
    `${display(partition.table)} cannot become a partition of ${display(partition.of)}: ${error.message}`,
    { ...error.facts, exitCode: EXIT.failed, hint },
  );
}

const HINTS: readonly (readonly [state: string, hint: string])[] = [
  [
    SQLSTATE.undefinedTable,
    'make the partitioned table on the veneer first, in a migration of the veneers (migrations/veneer)',
  ],
  [SQLSTATE.wrongObjectType, 'partition_of of the expose rule must name a partitioned table of the veneer'],
  [
    SQLSTATE.invalidObjectDefinition,
    'the bounds of two partitions meet: correct bounds in the expose rule, or drop the other partition',
  ],
  [
    SQLSTATE.datatypeMismatch,
    'a partition needs the columns of its parent, with the same types: change the one or the other',
  ],
];

interface DefaultRows {
  readonly table: string;
  readonly count: string;
}

/**
 * How many rows of the DEFAULT partition belong to the new one. PostgreSQL attaches nothing while they are there, so it
 * is attached for a moment without the DEFAULT partition, to learn its constraint; all of it is rolled back.
 */
async function countInDefault(
  session: Session,
  statements: readonly string[],
  partition: AttachedPartition,
): Promise<DefaultRows | null> {
  await session.run('ROLLBACK TO SAVEPOINT pgveneer_attach');
  const [found] = await session.query<{ table: string } & Row>(
    `SELECT partdefid::regclass::text AS table FROM pg_partitioned_table
      WHERE partrelid = to_regclass($1) AND partdefid <> 0`,
    [qualified(partition.of)],
  );
  if (found === undefined) return null;
  const before = statements.slice(0, -1);
  await session.run(
    [
      `ALTER TABLE ${qualified(partition.of)} DETACH PARTITION ${found.table}`,
      ...before,
      attachSql(partition),
    ].join('; '),
  );
  const [constraint] = await session.query<{ sql: string }>(
    'SELECT pg_get_partition_constraintdef(to_regclass($1)) AS sql',
    [qualified(partition.table)],
  );
  const [counted] = await session.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM ${found.table} WHERE ${constraint?.sql ?? 'false'}`,
  );
  return { table: found.table, count: counted?.count ?? '0' };
}

const inDefault = (
  { member }: Session,
  { of, table }: AttachedPartition,
  { table: from, count }: DefaultRows,
): VeneerError =>
  new VeneerError(
    `${count} rows in ${from}, the DEFAULT partition of ${display(of)}, belong to the new partition ${display(table)}`,
    {
      exitCode: EXIT.failed,
      where: { member },
      hint: `put them into another table and delete them from ${from}, run migrate up again, and insert them into ${display(of)}: then they go to the shard`,
    },
  );
