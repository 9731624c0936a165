import { probeBounds, type BoundsFound, type BoundsWanted } from '../catalog/probe-bounds.js';
import { readForeignTables } from '../catalog/read-foreign-tables.js';
import { remoteOf, type ForeignTable } from '../catalog/relation.js';
import type { Config } from '../config/config.js';
import { EXIT, problemOf, type Problem } from '../errors.js';
import { sharesParents } from '../fleet/shares-parents.js';
import { shardsShownOn } from '../fleet/shown-shards.js';
import { groupBy } from '../group-by.js';
import { display, nameKey, qualified, sameName, type QualifiedName } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { isState, SQLSTATE } from '../postgres/sqlstate.js';
import { exposureOf, shownAs } from '../veneer/exposure.js';

/** A foreign table of the veneer that is attached, as its rule says, to the parent. */
interface Attached extends BoundsWanted {
  readonly parent: QualifiedName;
}

/**
 * Attached partitions of a veneer whose rule has other bounds by now, or bounds that no two partitions may have (exit 20).
 * Nothing else would notice it: PostgreSQL keeps bounds as values, which cannot be altered.
 */
export async function changedBounds(config: Config, session: Session): Promise<Problem[]> {
  if (!sharesParents(config)) return [];
  const attached = await readAttached(config, session);
  const problems: Problem[] = [];
  for (const ofOne of groupBy(attached, ({ parent }) => nameKey(parent)).values())
    problems.push(...(await problemsOf(session, ofOne, config.rollout.lockWaitMs)));
  return problems;
}

async function readAttached(config: Config, session: Session): Promise<Attached[]> {
  const attached: Attached[] = [];
  for (const shard of shardsShownOn(config, session.member)) {
    const exposure = exposureOf(config, shard);
    const tables = await readForeignTables(session, [shard.server.name]);
    for (const table of tables) {
      const wanted = shownAs(exposure, remoteOf(table))?.partition ?? null;
      if (wanted !== null && isPartitionOf(table, wanted.of))
        attached.push({
          table: { schema: table.schema, name: table.name },
          parent: wanted.of,
          bounds: wanted.bounds,
        });
    }
  }
  return attached;
}

const isPartitionOf = ({ parent }: ForeignTable, of: QualifiedName): boolean =>
  parent !== null && sameName(parent, of);

async function problemsOf(
  session: Session,
  attached: readonly Attached[],
  lockWaitMs: number,
): Promise<Problem[]> {
  const [first] = attached;
  if (first === undefined) return [];
  const { parent } = first;
  try {
    const found = await probeBounds(session, parent, attached, lockWaitMs);
    return found
      .filter(({ present, wanted }) => present !== wanted)
      .map((one) => changed(session.member, parent, one));
  } catch (error) {
    // Who may make no temporary table cannot be told; the next ATTACH tells what PostgreSQL refuses.
    if (isState(error, SQLSTATE.insufficientPrivilege)) return [];
    const problem = problemOf(error);
    return [
      {
        ...problem,
        message: `the bounds of the partitions of ${display(parent)} cannot be those of shards.yaml: ${named(problem.message, attached)}`,
        exitCode: EXIT.failed,
        where: { member: session.member },
        hint: 'correct bounds in the expose rule; the partitions stay as they are',
      },
    ];
  }
}

/** PostgreSQL names the temporary tables: what they stand for is meant. */
const named = (message: string, attached: readonly Attached[]): string =>
  message.replaceAll(/"pgveneer_part_(\d+)"/g, (all, index: string) => {
    const one = attached[Number(index)];
    return one === undefined ? all : display(one.table);
  });

const changed = (
  member: string,
  parent: QualifiedName,
  { table, present, wanted }: BoundsFound,
): Problem => ({
  message: `${display(table)} is attached to ${display(parent)} ${present}, and shards.yaml says ${wanted}`,
  exitCode: EXIT.failed,
  where: { member },
  hint: `when no reader needs its rows for a moment: ALTER TABLE ${qualified(parent)} DETACH PARTITION ${qualified(table)} on ${member}, then migrate sync, which attaches it anew; or put the old bounds back`,
});
