import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Budget } from '../lane/budget.js';

/** Something that a schema holds, by PostgreSQL's own words for it: `DROP <kind> <identity>`. */
interface Held extends Row {
  readonly kind: string;
  readonly identity: string;
}

/**
 * What goes by itself, with its owner: indexes, row and array types, partitions, a column's own sequence, what an
 * extension brought. The last made come first, since they may stand on what was there before.
 */
const HELD = `
  SELECT i.type AS kind, i.identity
    FROM (SELECT 'pg_class'::regclass AS class, c.oid FROM pg_class c
           WHERE c.relnamespace = $1::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT c.relispartition
          UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.pronamespace = $1::oid
          UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
                     WHERE t.typnamespace = $1::oid
                       AND (t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
          UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE o.oprnamespace = $1::oid
          UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass o WHERE o.opcnamespace = $1::oid
          UNION ALL SELECT 'pg_opfamily'::regclass, o.oid FROM pg_opfamily o WHERE o.opfnamespace = $1::oid
          UNION ALL SELECT 'pg_collation'::regclass, o.oid FROM pg_collation o WHERE o.collnamespace = $1::oid
          UNION ALL SELECT 'pg_conversion'::regclass, o.oid FROM pg_conversion o WHERE o.connamespace = $1::oid
          UNION ALL SELECT 'pg_ts_config'::regclass, o.oid FROM pg_ts_config o WHERE o.cfgnamespace = $1::oid
          UNION ALL SELECT 'pg_ts_dict'::regclass, o.oid FROM pg_ts_dict o WHERE o.dictnamespace = $1::oid) AS held
    CROSS JOIN LATERAL pg_identify_object(held.class, held.oid, 0) AS i
   WHERE NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = held.class AND d.objid = held.oid AND d.objsubid = 0
                        AND d.deptype IN ('a', 'i', 'e') AND d.refclassid <> 'pg_namespace'::regclass)
   ORDER BY held.oid DESC`;

/**
 * Drops a tenant's schema with all that it holds, each thing by its name and none by CASCADE: whatever stands outside
 * and depends on one of them refuses the drop, in PostgreSQL's words. Throws (exit 20).
 */
export async function dropSchema(session: Session, tenant: TenantConfig, budget: Budget): Promise<void> {
  const [schema] = await session.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_namespace WHERE nspname = $1',
    [tenant.schema],
  );
  if (schema === undefined) return;
  for (;;) {
    const held = await session.query<Held>(HELD, [schema.oid]);
    if (held.length === 0) break;
    await dropSome(session, held, tenant, budget);
  }
  try {
    await session.run([...budget.limits(session), `DROP SCHEMA ${ident(tenant.schema)}`].join('; '));
  } catch (error) {
    throw error instanceof VeneerError && isState(error, SQLSTATE.dependentObjects)
      ? refused([error], session, tenant)
      : error;
  }
}

/** One round: all tables together, since they may refer to each other; then one by one. Throws where none could go. */
async function dropSome(
  session: Session,
  held: readonly Held[],
  tenant: TenantConfig,
  budget: Budget,
): Promise<void> {
  const tables = held.filter(({ kind }) => kind === 'table');
  const drops = held
    .filter(({ kind }) => kind !== 'table')
    .map(({ kind, identity }) => `DROP ${kind.toUpperCase()} ${identity}`);
  const together =
    tables.length === 0 ? [] : [`DROP TABLE ${tables.map(({ identity }) => identity).join(', ')}`];
  const apart = tables.length < 2 ? [] : tables.map(({ identity }) => `DROP TABLE ${identity}`);
  const refusals: VeneerError[] = [];
  const dropAll = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) refusals.push(...(await tryDrop(session, statement, budget)));
  };
  const first = [...together, ...drops];
  await dropAll(first);
  if (refusals.length < first.length) return;
  await dropAll(apart);
  if (refusals.length < first.length + apart.length) return;
  throw refused(refusals, session, tenant);
}

/** Answers PostgreSQL's refusal where something depends on it still; throws every other error. */
async function tryDrop(session: Session, statement: string, budget: Budget): Promise<VeneerError[]> {
  try {
    await session.run(
      [
        'SAVEPOINT pgveneer_drop',
        ...budget.limits(session),
        statement,
        'RELEASE SAVEPOINT pgveneer_drop',
      ].join('; '),
    );
    return [];
  } catch (error) {
    if (!(error instanceof VeneerError) || !isState(error, SQLSTATE.dependentObjects)) throw error;
    await session.run('ROLLBACK TO SAVEPOINT pgveneer_drop');
    return [error];
  }
}

/** With everything that PostgreSQL named: what stands outside is among it. */
function refused(
  refusals: readonly VeneerError[],
  session: Session,
  { name, schema }: TenantConfig,
): VeneerError {
  const details = new Set(refusals.flatMap(({ facts }) => facts.detail?.split('\n') ?? []));
  return new VeneerError(`tenant ${name} cannot be dropped: ${refusals[0]?.message ?? ''}`, {
    exitCode: EXIT.failed,
    where: { member: session.member, tenant: name },
    detail: [...details].join('\n'),
    hint: `drop first what stands outside of schema ${schema} and depends on it, or hand it over; nothing is ever dropped by CASCADE`,
    sqlstate: SQLSTATE.dependentObjects,
  });
}
