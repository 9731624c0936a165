import { veneerMembers } from '../../fleet/member.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { alignTypes, dropLeftTypes, refuseUnaligned } from '../align/align-types.js';
import { isIdle } from '../align/type-work.js';
import {
  holdRelations,
  isInLine,
  readRepairs,
  readWanted,
  type Repairs,
  type SyncScope,
  type WantedOfShard,
} from './sync-work.js';
import { sqlOf } from '../group/veneer-statement.js';
import { unionsAmiss } from '../../veneer/unions.js';
import { readUnionFacts } from '../align/union-facts.js';
import { alignUnions, putUnionsAside, repairUnions } from '../align/unions.js';
import { beginOnVeneer, executeChanges, readOccupiedNames, refuseOccupied } from '../align/veneer-work.js';

/** Types of a veneer that nothing is made of any more. */
export interface LeftOnVeneer {
  readonly veneer: string;
  readonly types: readonly QualifiedName[];
}

/** What `prune` would drop, as far as there is something. Pure. */
export const leftOn = (veneer: string, { left }: Repairs): LeftOnVeneer[] =>
  left.length === 0 ? [] : [{ veneer, types: left }];

/** A veneer that was not in line, with its open transaction and what was run in it. */
export interface Repaired {
  readonly veneer: Session;
  readonly statements: readonly string[];
}

/** Repairs all veneers in transactions that stay open, as does the shard's, which holds what they show. */
export async function repairVeneers(
  lane: Lane,
  scope: SyncScope,
  shard: Session,
  budget: Budget,
): Promise<{ readonly repaired: readonly Repaired[]; readonly left: readonly LeftOnVeneer[] }> {
  await shard.run(['BEGIN', ...budget.limits(shard)].join('; '));
  const seen = await readWanted(shard, scope);
  const veneers: Session[] = [];
  for (const { name } of veneerMembers(lane.run.config).filter((member) => member.name !== scope.shard.name))
    veneers.push(await lane.session(name));
  const drifted = await Promise.all(veneers.map((veneer) => readRepairs(veneer, scope, seen)));
  const left = drifted.flatMap((found, index) => leftOn(veneers[index]?.member ?? '', found));
  const unions = await Promise.all(veneers.map((veneer) => readUnionFacts(lane.run.config, veneer)));
  if (drifted.every(isInLine) && unions.every((facts) => unionsAmiss(facts).length === 0))
    return { repaired: [], left };
  const wanted = await holdWanted(
    shard,
    scope,
    seen,
    drifted.flatMap(({ changes }) => changes),
  );
  const repaired: Repaired[] = [];
  for (const veneer of veneers) {
    const statements = await repairOne(lane, scope, veneer, wanted, budget);
    if (statements.length > 0) repaired.push({ veneer, statements });
  }
  return { repaired, left };
}

/** Holds what is about to be shown anew, and reads it again: between the first look and the lock it may have changed. */
async function holdWanted(
  shard: Session,
  scope: SyncScope,
  seen: WantedOfShard,
  changes: readonly Change[],
): Promise<WantedOfShard> {
  const shown = seen.definitions.filter((definition) =>
    changes.some((change) => sameName(change.table, definition)),
  );
  await holdRelations(
    shard,
    shown.map(({ remote }) => remote),
  );
  return readWanted(shard, scope);
}

async function repairOne(
  lane: Lane,
  scope: SyncScope,
  veneer: Session,
  wanted: WantedOfShard,
  budget: Budget,
): Promise<readonly string[]> {
  const { config } = lane.run;
  const found = await readRepairs(veneer, scope, wanted);
  if (isInLine(found)) return repairUnionsAlone(lane, veneer, budget);
  await beginOnVeneer(lane, veneer, budget);
  const typed = await alignTypes(lane, veneer, found.types, budget);
  const { changes } = isIdle(found.types) ? found : await readRepairs(veneer, scope, wanted);
  const server = scope.shard.server.name;
  const created = changes.filter(({ kind }) => kind === 'create').map(({ table }) => table);
  refuseOccupied(veneer, server, changes, await readOccupiedNames(scope, veneer, created));
  const unions = await putUnionsAside(
    config,
    veneer,
    [{ server, changes, wanted: wanted.definitions }],
    budget,
  );
  const tables = [
    ...unions.statements,
    ...(await executeChanges(lane, veneer, changes, budget)),
    ...(await alignUnions(config, veneer, unions, budget)),
    ...(await repairUnions(config, veneer, budget)),
  ];
  const dropped = await dropLeftTypes(lane, veneer, found.types, budget);
  const left = await readRepairs(veneer, scope, wanted);
  refuseUnaligned(veneer.member, left.types);
  if (left.changes.length > 0) throw stillDifferent(veneer.member, left.changes);
  return sqlOf([...typed, ...tables, ...dropped]);
}

/** What the shard shows is in line, and a view over all tenants may not be: it is nobody's in particular. */
async function repairUnionsAlone(lane: Lane, veneer: Session, budget: Budget): Promise<readonly string[]> {
  const { config } = lane.run;
  if (unionsAmiss(await readUnionFacts(config, veneer)).length === 0) return [];
  await beginOnVeneer(lane, veneer, budget);
  return sqlOf(await repairUnions(config, veneer, budget));
}

const stillDifferent = (member: string, left: readonly Change[]): VeneerError =>
  new VeneerError(
    `${member} would still differ in ${left.map((change) => display(change.table)).join(', ')}`,
    {
      exitCode: EXIT.bug,
      where: { member },
      hint: 'nothing was committed; this is a fault of pg-veneer, please report it',
    },
  );
