import { readShapeCopy } from '../../catalog/copy/read-shape-copy.js';
import { readOutside, type OutsideItem } from '../../catalog/relations/read-outside.js';
import { readShapeLines } from '../../catalog/relations/read-shapes.js';
import { readCopyLeaks } from '../../catalog/copy/read-copy-leaks.js';
import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { PIN_LOCALLY } from '../../postgres/hygiene.js';
import { differenceText, shapeDifferences } from '../../report/drift/shapes.js';
import { grantStatements } from './copy-grants.js';
import type { Sibling } from './sibling.js';

/**
 * Asks again, in the open transaction: is what was made for a tenant what its sibling has, by what `status` compares, and where
 * the servers write definitions alike by every definition; and does nothing of it depend on the sibling's schema, or in a
 * database of its own, is all there that the sibling's has besides? Throws (exit 20), naming the object.
 */
export async function proveCopy(session: Session, tenant: TenantConfig, sibling: Sibling): Promise<void> {
  const { schema, name } = sibling.tenant;
  if (sibling.outside === null) {
    const [leak] = await readCopyLeaks(session, tenant.schema, schema);
    if (leak !== undefined)
      throw notProven(session, tenant, `${leak} would depend on schema ${schema} of tenant ${name}`);
  } else await proveOutside(session, tenant, sibling, sibling.outside);
  const copied = await readShapeCopy(session, tenant.schema);
  await session.run(PIN_LOCALLY);
  const lines = await readShapeLines(session, [tenant.schema], sibling.ignored);
  const [difference] = shapeDifferences(lines.get(tenant.schema) ?? [], sibling.lines);
  if (difference !== undefined)
    throw notProven(session, tenant, `it would not be like ${name}: ${differenceText(difference)}`);
  if (majorOf(session.server.version) !== majorOf(sibling.version)) return;
  const odd = oddOf(copied.items, sibling.copy.items) ?? oddOf(sibling.copy.items, copied.items);
  const [grant] = grantStatements(sibling.copy.grants, copied.grants, tenant.schema);
  const unlike = odd ?? copied.refused[0] ?? grant;
  if (unlike !== undefined) throw notProven(session, tenant, `it would not be like ${name}: ${unlike}`);
}

/** Read as the sibling's was, under the same settings: what is deparsed differs by them. */
async function proveOutside(
  session: Session,
  tenant: TenantConfig,
  { tenant: { name }, ignored }: Sibling,
  outside: readonly OutsideItem[],
): Promise<void> {
  await session.run(PIN_LOCALLY);
  const there = new Map(
    (await readOutside(session, tenant.schema, ignored)).map(({ object, is }) => [object, is]),
  );
  const odd = outside.find(({ object, is }) => there.get(object) !== is);
  if (odd === undefined) return;
  const how = there.has(odd.object) ? 'is not as' : 'is missing, which is';
  throw notProven(
    session,
    tenant,
    `${odd.object} ${how} in the database of ${name}`,
    "nothing was made; let a migration of the database (migrations/shard) make it, or the server's template, or name another tenant",
  );
}

const majorOf = (version: number): number => Math.floor(version / 10_000);

type Items = Sibling['copy']['items'];

function oddOf(some: Items, others: Items): string | undefined {
  const known = new Set(others.flatMap(({ sql }) => sql));
  return some.find(({ sql }) => sql.some((statement) => !known.has(statement)))?.object;
}

const notProven = (
  session: Session,
  { name }: TenantConfig,
  why: string,
  hint = 'nothing was made; without --like its migrations are run, one by one',
): VeneerError =>
  new VeneerError(`tenant ${name} cannot be copied: ${why}`, {
    exitCode: EXIT.failed,
    where: { member: session.member, tenant: name },
    hint,
  });
