import { readGrants } from '../../catalog/read-grants.js';
import { readShapeCopy } from '../../catalog/copy/read-shape-copy.js';
import type { ShapeCopy } from '../../catalog/copy/shape-copy.js';
import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { copyLedger } from '../../migrations/ledger/ledger-copy.js';
import { ident, literal } from '../../postgres/identifiers.js';
import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Budget } from '../lane/budget.js';
import { grantStatements } from './copy-grants.js';
import type { GroupShard } from '../group/group.js';
import { proveCopy } from './prove-copy.js';
import type { Sibling } from './sibling.js';
import { SEPARATOR } from '../shard/explain-failure.js';

/** Who is to be made, and like whom. */
export interface CopyWork {
  readonly step: string;
  readonly tenants: readonly TenantConfig[];
  readonly sibling: Sibling;
  readonly budget: Budget;
  readonly onTenant: (done: number) => void;
}

/** Makes tenants like another one, in the open transaction: what their schemas hold, grants and ledger rows. Proves each. */
export async function copyOnShard({ part, session }: GroupShard, work: CopyWork): Promise<void> {
  const { run } = part.lane;
  const { step, tenants, sibling } = work;
  await copyLedger(session, { step, tenants, entries: sibling.entries, appliedBy: run.who });
  for (const [index, tenant] of tenants.entries()) {
    await run.at(`before statements:${tenant.name}`);
    await copyFor(session, tenant, work);
    await proveCopy(session, tenant, sibling);
    work.onTenant(index + 1);
  }
}

async function copyFor(session: Session, tenant: TenantConfig, { sibling, budget }: CopyWork): Promise<void> {
  const { comment, grants } = sibling.copy;
  const items = await lackingItems(session, tenant, sibling);
  // A body may name what comes later; what it is, is compared with the sibling's afterwards.
  const prologue = [
    ...budget.limits(session),
    `SET LOCAL search_path TO ${ident(tenant.schema)}`,
    'SET LOCAL check_function_bodies = off',
    ...(comment === null || comment === (await commentOf(session, tenant.schema))
      ? []
      : [`COMMENT ON SCHEMA ${ident(tenant.schema)} IS ${literal(comment)}`]),
  ];
  const statements = items.flatMap(({ object, sql }) => sql.map((text) => ({ object, text })));
  try {
    await session.run([...prologue, ...statements.map(({ text }) => text)].join(SEPARATOR));
    const more = grantStatements(grants, await readGrants(session, tenant.schema), tenant.schema);
    if (more.length > 0) await session.run([...budget.limits(session), ...more].join(SEPARATOR));
  } catch (error) {
    throw explain(error, tenant, sibling, (completed) => statements[completed - prologue.length]?.object);
  }
}

/**
 * In a database of its own, the migrations of that database and the server's template come first, and may put things into the
 * very schema: what is there as the sibling has it is left as it is. What is there otherwise, PostgreSQL refuses to make.
 */
async function lackingItems(
  session: Session,
  { schema }: TenantConfig,
  { copy: { items }, outside }: Sibling,
): Promise<ShapeCopy['items']> {
  if (outside === null) return items;
  const present = new Set((await readShapeCopy(session, schema)).items.flatMap(({ sql }) => sql));
  return items.filter(({ sql }) => !sql.every((statement) => present.has(statement)));
}

/** `public` has one from the start, and may be somebody else's to say more of. */
async function commentOf(session: Session, schema: string): Promise<string | null> {
  const [row] = await session.query<{ comment: string | null }>(
    `SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1`,
    [schema],
  );
  return row?.comment ?? null;
}

const hintFor = (error: MemberError, { name }: TenantConfig): string =>
  isState(error, SQLSTATE.duplicateTable, SQLSTATE.duplicateObject, SQLSTATE.duplicateFunction)
    ? `what the migrations of the database make in that schema is not what ${name} has of it; leave out --like`
    : `what ${name} uses outside of its schema has to be on ${error.member}, too; or leave out --like`;

/** PostgreSQL's error with the object that it came from; what a copy needs besides may be missing on another shard. */
function explain(
  error: unknown,
  { name }: TenantConfig,
  { tenant }: Sibling,
  objectAt: (completed: number) => string | undefined,
): unknown {
  if (!(error instanceof MemberError) || error.connectionLost) return error;
  const object = objectAt(error.completed);
  const detail = [object, error.facts.detail].filter(Boolean).join(': ');
  return new VeneerError(error.message, {
    ...error.facts,
    exitCode: EXIT.failed,
    where: { ...error.facts.where, tenant: name },
    ...(detail === '' ? {} : { detail }),
    hint: error.facts.hint ?? hintFor(error, tenant),
  });
}
