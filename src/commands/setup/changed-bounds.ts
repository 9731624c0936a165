import { probeBounds, type BoundsWanted } from '../../catalog/relations/probe-bounds.js';
import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import { readLocalPartitions } from '../../catalog/relations/read-local-partitions.js';
import { remoteOf } from '../../catalog/relations/relation.js';
import type { Config } from '../../config/config.js';
import { EXIT, problemOf, type Problem } from '../../errors.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { display, nameKey, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE, sqlstateOf } from '../../postgres/sqlstate.js';
import { boundsCure, type ChangedBounds } from '../../report/drift/drift-of-bounds.js';
import { exposureOf, shownAs, sourceSchemas, type Exposure } from '../../veneer/exposure/exposure.js';

/** A table that is attached to the parent as its rule says: a foreign table, or in a mesh the region's own. */
interface Attached extends BoundsWanted {
  readonly parent: QualifiedName;
  readonly shard: string;
  readonly tenant: string | null;
}

/** The attached partitions of a veneer beside the bounds of their rules. */
export interface BoundsRead {
  readonly changed: readonly ChangedBounds[];
  /** Rules whose bounds are none, or that no two partitions may have (exit 20); what could not be compared (exit 23). */
  readonly problems: readonly Problem[];
}

/** Is the partition one of those that are asked for? */
export type IsSelected = (shard: string, tenant: string | null) => boolean;

/**
 * Compares the bounds of attached partitions with those of their rules. The definitions that are compared else do not show
 * it: a rule's bounds are SQL, and PostgreSQL keeps the values they had when the partition was attached.
 */
export async function readChangedBounds(
  config: Config,
  session: Session,
  isSelected: IsSelected = () => true,
): Promise<BoundsRead> {
  if (!sharesParents(config)) return { changed: [], problems: [] };
  const attached = [...(await readAttached(config, session)), ...(await readAtHome(config, session))];
  const isAsked = ({ shard, tenant }: Attached): boolean => isSelected(shard, tenant);
  const read: BoundsRead[] = [];
  // All partitions of a parent, since their bounds meet those of the others.
  for (const ofOne of groupBy(attached, ({ parent }) => nameKey(parent)).values())
    if (ofOne.some(isAsked)) read.push(await compare(session, ofOne, config.rollout.lockWaitMs));
  return {
    changed: read.flatMap(({ changed }) => changed.filter((one) => isSelected(one.shard, one.tenant))),
    problems: read.flatMap(({ problems }) => problems),
  };
}

/**
 * What of it setup tells, which can do nothing about it either (exit 20). Not that its user may not look: the next ATTACH
 * tells what PostgreSQL refuses.
 */
export const boundsProblems = ({ changed, problems }: BoundsRead): Problem[] => [
  ...problems.filter(({ sqlstate }) => sqlstate !== SQLSTATE.insufficientPrivilege),
  ...changed.map((one) => ({
    message: `${display(one.table)} is attached to ${display(one.parent)} ${one.present}, and shards.yaml says ${one.wanted}`,
    exitCode: EXIT.failed,
    where: { member: one.veneer },
    hint: boundsCure(one),
  })),
];

/** Heads, in one query: definitions are deparsed, and wait for whoever locks them. */
async function readAttached(config: Config, session: Session): Promise<Attached[]> {
  const shown = new Map(shardsShownOn(config, session.member).map((shard) => [shard.server.name, shard]));
  const exposures = new Map([...shown].map(([server, shard]) => [server, exposureOf(config, shard)]));
  const tables = await readForeignTableHeads(session, [...shown.keys()]);
  return tables.flatMap((table) => {
    const [shard, exposure] = [shown.get(table.server), exposures.get(table.server)];
    if (shard === undefined || exposure === undefined) return [];
    return attachedBy(exposure, shard.name, remoteOf(table), table) ?? [];
  });
}

/** What a member in both roles has itself of what it shows of the others. */
async function readAtHome(config: Config, session: Session): Promise<Attached[]> {
  const shard = config.shards.find(({ name }) => name === session.member);
  if (shard === undefined) return [];
  const exposure = exposureOf(config, shard);
  const partitions = await readLocalPartitions(session, sourceSchemas(exposure));
  return partitions.flatMap(
    ({ table, parent }) => attachedBy(exposure, shard.name, table, { ...table, parent }) ?? [],
  );
}

/** Null where no rule says that the relation is a partition of what it is attached to. */
function attachedBy(
  exposure: Exposure,
  shard: string,
  remote: QualifiedName,
  { schema, name, parent }: QualifiedName & { readonly parent: QualifiedName | null },
): Attached | null {
  const wanted = shownAs(exposure, remote)?.partition ?? null;
  if (wanted === null || parent === null || !sameName(parent, wanted.of)) return null;
  const tenant = exposure.tenants.get(remote.schema)?.name ?? null;
  return { table: { schema, name }, parent: wanted.of, bounds: wanted.bounds, shard, tenant };
}

async function compare(
  session: Session,
  attached: readonly Attached[],
  lockWaitMs: number,
): Promise<BoundsRead> {
  const [first] = attached;
  if (first === undefined) return { changed: [], problems: [] };
  const { parent } = first;
  try {
    const found = await probeBounds(session, parent, attached, lockWaitMs);
    const changed = found.filter(({ present, wanted }) => present !== wanted);
    return { changed: changed.map((one) => ({ ...one, veneer: session.member })), problems: [] };
  } catch (error) {
    return { changed: [], problems: [boundsProblem(session.member, attached, parent, error)] };
  }
}

/** Of what PostgreSQL refused: the bounds themselves, or what was tried with them. */
function boundsProblem(
  member: string,
  attached: readonly Attached[],
  parent: QualifiedName,
  error: unknown,
): Problem {
  const problem = problemOf(error);
  const where = { member };
  const uncompared = `the bounds of the partitions of ${display(parent)} were not compared`;
  if (isState(error, SQLSTATE.lockNotAvailable))
    return {
      message: `${uncompared}: another session locks it`,
      sqlstate: SQLSTATE.lockNotAvailable,
      exitCode: EXIT.unreachable,
      where,
      hint: 'end the transaction that changes it there, then try again',
    };
  if (isState(error, SQLSTATE.insufficientPrivilege))
    return {
      message: `${uncompared}: ${problem.message}`,
      sqlstate: SQLSTATE.insufficientPrivilege,
      exitCode: EXIT.unreachable,
      where,
      hint: 'it needs TEMP on the database of the veneer and SELECT on that table, for who runs this',
    };
  // 22: an expression has no value; 42: it is none, or bounds that PostgreSQL does not take.
  if (!/^(?:22|42)/.test(sqlstateOf(error) ?? '')) return { ...problem, where };
  return {
    ...problem,
    message: `the bounds of the partitions of ${display(parent)} cannot be those of shards.yaml: ${named(problem.message, attached)}`,
    exitCode: EXIT.failed,
    where,
    hint: 'correct bounds in the expose rule; the partitions stay as they are',
  };
}

/** PostgreSQL names the temporary tables: what they stand for is meant. */
const named = (message: string, attached: readonly Attached[]): string =>
  message.replaceAll(/"pgveneer_part_(\d+)"/g, (all, index: string) => {
    const one = attached[Number(index)];
    return one === undefined ? all : display(one.table);
  });
