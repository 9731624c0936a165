import {
  readFilledTables,
  readRaw,
  touchedRelations,
  type RawRelation,
  type TouchedRelations,
} from '../../catalog/relations/read-raw.js';
import { changedTypes } from '../../catalog/types/read-raw-types.js';
import { readRelations } from '../../catalog/relations/read-relations.js';
import { findRenames } from '../../catalog/relations/renames.js';
import { findGains, replacedStorage, tightenedStorage } from '../../catalog/relations/storage.js';
import { allDone } from '../../postgres/all-done.js';
import { currentXid } from '../../postgres/current-xid.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposeRelations, type Definition, type ExposedRelation } from '../../veneer/exposure/definition.js';
import { exposureOf, shownAs, sourceSchemas, type Exposure } from '../../veneer/exposure/exposure.js';
import { refuseNames } from '../../veneer/exposure/refuse-names.js';
import type { ExposedRename } from '../../veneer/tables/pair-tables.js';
import { wholeShard, type Lane } from '../lane/lane.js';
import { readSchemas, refuseMovedSchemas } from './moved-schemas.js';
import { readShardTypes, type ShardTypes } from './shard-types.js';

/** What a migration changed on its shard, read inside its own transaction. */
export interface ShardChanges {
  readonly wanted: readonly Definition[];
  /** The names that the rules gave on veneers to what changed, as it was before. */
  readonly shown: readonly QualifiedName[];
  /** The relations behind what is wanted, and the tenants' relations as they were. */
  readonly exposed: readonly ExposedRelation[];
  readonly before: readonly RawRelation[];
  readonly renames: readonly ExposedRename[];
  readonly exposure: Exposure;
  readonly types: ShardTypes;
  /** Tables, parents and views whose rows an old remote snapshot would not find: see fence.ts. */
  readonly rewritten: readonly QualifiedName[];
  /** Tables with a new NOT NULL, which an old remote snapshot may contradict: see fence.ts. */
  readonly tightened: readonly QualifiedName[];
}

/** Where an open transaction left its traces. */
export interface Touched {
  readonly relations: TouchedRelations;
  /** The transaction's id, an xid8. */
  readonly xid: string;
  /** The oids of the schemas that are shown, as JSON by name; null: they may go. */
  readonly schemas: string | null;
}

/** The schemas in which a relation of the shard may be shown. */
const shownSchemas = (lane: Lane): string[] => sourceSchemas(exposureOf(lane.run.config, wholeShard(lane)));

/** What the shard's open transaction has touched; asked in one round trip, which may be that of what it runs last. */
export async function readTouched(
  lane: Lane,
  session: Session,
  schemas: 'stay' | 'may go' = 'stay',
): Promise<Touched> {
  // What one of these breaks, those after it only run into.
  const [relations, xid, own] = await allDone([
    touchedRelations(session),
    currentXid(session),
    schemas === 'stay' ? readSchemas(session, shownSchemas(lane)) : Promise.resolve(null),
  ]);
  return { relations, xid, schemas: own };
}

/**
 * Reads what changed: *after* inside the open transaction, *before* by raw names from elsewhere. In every tenant of
 * the shard, not in the step's alone: a migration may name the schema of another one. Throws (exit 20) where it moved a schema.
 */
export async function readChanges(
  lane: Lane,
  session: Session,
  { relations, xid, schemas }: Touched,
): Promise<ShardChanges> {
  // Before anything is on its way: it throws where the anchor is lost, and what nobody waits for any more would fail unheard.
  const was = lane.before(lane.shard.name);
  const exposure = exposureOf(lane.run.config, wholeShard(lane));
  const sources = sourceSchemas(exposure);
  const { oids } = relations;
  const [after, outside, before, changed, committed] = await allDone([
    readRelations(session, { schemas: sources, oids }),
    readRaw(session, relations.outside(sources)),
    was.relations(oids),
    changedTypes(session, was.anchor, { xid, touched: oids }),
    schemas === null ? Promise.resolve(null) : readSchemas(was.anchor, sources),
  ]);
  if (committed !== null && schemas !== null)
    await refuseMovedSchemas(session, was.anchor, exposure.tenants, { was: committed, is: schemas });
  const exposed = exposeRelations(exposure, after);
  refuseNames(lane.shard.name, exposed);
  const own = new Set(sources);
  // Also what no rule exposes: a view that is shown may stand above it.
  const stored = [...after, ...outside];
  const gains = findGains(before, { relations: stored, behind: relations.behind });
  const ours = before.filter((relation) => own.has(relation.schema));
  const wanted = exposed.map(({ definition }) => definition);
  const [types, filled] = await allDone([
    readShardTypes(session, was, { exposure, definitions: wanted, changed }),
    readFilledTables(session, [...new Set([...gains.values()].flat())]),
  ]);
  return {
    wanted,
    exposure,
    exposed,
    before: ours,
    types,
    rewritten: replacedStorage(before, stored, { gains, filled }),
    tightened: tightenedStorage(before, stored),
    shown: ours.flatMap((relation) => shownAs(exposure, relation)?.name ?? []),
    renames: findRenames(ours, after).flatMap((rename): ExposedRename[] => {
      const was = shownAs(exposure, rename.from);
      return was === null ? [] : [{ ...rename, was: was.name }];
    }),
  };
}
