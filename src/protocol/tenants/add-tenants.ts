import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Migration, Statement } from '../../migrations/migration.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import { CURRENT_XID } from '../../postgres/current-xid.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import { copyOnShard } from './copy-shape.js';
import type { Sibling } from './sibling.js';
import type { GroupShard } from '../group/group.js';
import { readDone } from '../step/group-work.js';
import type { ShardDone } from '../group/shard-done.js';
import { beginClean } from '../shard/clean.js';
import { readTouched } from '../shard/shard-changes.js';
import { runInTurn } from '../shard/run-in-turn.js';
import { comeClean } from '../shard/shard-work.js';

/** What new tenants get on their shard. */
export interface NewTenants {
  readonly step: string;
  readonly tenants: readonly TenantConfig[];
  /** All migrations of tenants, in their order; none where they are made like a sibling. */
  readonly steps: readonly PlannedStep[];
  /** Whom they are made like, instead of by migrations; null: nobody. */
  readonly sibling: Sibling | null;
  /** Schemas and grants, in SQL; read in the step's own transaction. */
  readonly furnish: (shard: Session) => Promise<readonly string[]>;
  readonly onTenant: (done: number) => void;
}

/** Makes tenants on their shard, in a transaction that stays open: schemas, grants, every migration with its ledger row, or a copy. */
export async function makeOnShard(shard: GroupShard, work: NewTenants, budget: Budget): Promise<ShardDone> {
  const { part, session } = shard;
  const { lane } = part;
  const began = await beginClean(lane.run, session, budget, CURRENT_XID);
  // A database of a tenant's own is looked at as a whole before.
  if (lane.shard.database === null) await refuseOccupied(session, work.tenants);
  const statements = await work.furnish(session);
  if (statements.length > 0) await session.run([...budget.limits(session), ...statements].join(';\n'));
  const { step, onTenant } = work;
  const steps = work.steps.map((planned) => ({
    ...planned,
    migration: insideTransaction(planned.migration),
  }));
  await runInTurn(lane, session, { step, steps, budget, onTenant });
  const { sibling } = work;
  if (sibling !== null) await copyOnShard(shard, { ...work, sibling, budget });
  await comeClean(session, budget);
  await lane.run.at(`after statements:${shard.name}`);
  const touched = await readTouched(lane, session);
  return readDone(shard, { xid: String(began?.rows[0]?.[0]), touched }, false);
}

/** A schema that holds something is somebody's already. Throws (exit 20), naming it. */
async function refuseOccupied(session: Session, tenants: readonly TenantConfig[]): Promise<void> {
  const [taken] = await session.query<{ schema: string; objects: number }>(
    `SELECT n.nspname::text AS schema, count(*)::int AS objects
       FROM pg_namespace n, LATERAL (
              SELECT FROM pg_class c WHERE c.relnamespace = n.oid
              UNION ALL SELECT FROM pg_proc p WHERE p.pronamespace = n.oid
              UNION ALL SELECT FROM pg_type t WHERE t.typnamespace = n.oid AND t.typtype IN ('d', 'e', 'r')) AS held
      WHERE n.nspname = ANY ($1::text[]) GROUP BY n.nspname ORDER BY n.nspname LIMIT 1`,
    [tenants.map(({ schema }) => schema)],
  );
  if (taken === undefined) return;
  const tenant = tenants.find(({ schema }) => schema === taken.schema)?.name;
  throw new VeneerError(`schema ${taken.schema} is not empty: it holds ${taken.objects} objects`, {
    exitCode: EXIT.failed,
    where: { member: session.member, ...(tenant === undefined ? {} : { tenant }) },
    hint: 'a schema with tables is adopted, not made: list the tenant in shards.yaml, then migrate baseline',
  });
}

/**
 * A migration without a transaction, as it runs for a tenant that nobody has seen yet: an index on an empty table needs
 * no CONCURRENTLY, and there is nothing to vacuum or to build anew. Pure.
 */
export function insideTransaction(migration: Migration): Migration {
  const { transaction, body } = migration;
  if (transaction === 'step' || body.kind !== 'static') return migration;
  const known = inside.get(migration);
  if (known !== undefined) return known;
  const statements = body.statements.filter(isOfUse).map(({ effect: _effect, ...statement }) => ({
    ...statement,
    sql: statement.sql.replace(CONCURRENTLY, '$1'),
  }));
  const made: Migration = { ...migration, transaction: 'step', body: { kind: 'static', statements } };
  inside.set(migration, made);
  return made;
}

/** One for all attempts: what an attempt has learnt of it (prologue.ts) is known to the next. */
const inside = new WeakMap<Migration, Migration>();

const isOfUse = ({ sql, effect }: Statement): boolean =>
  effect?.kind !== 'rebuilds' && !(effect?.kind === 'repeatable' && VACUUM.test(sql));

const GAP = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)`;

const VACUUM = new RegExp(`^${GAP}*VACUUM\\b`, 'i');

/** Where the grammar has it: behind INDEX. */
const CONCURRENTLY = new RegExp(
  `^(${GAP}*(?:CREATE${GAP}+(?:UNIQUE${GAP}+)?|DROP${GAP}+)INDEX)${GAP}+CONCURRENTLY\\b`,
  'i',
);
