import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { UserType } from '../../catalog/types/type.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { NeededExtension } from '../../veneer/extensions.js';
import { NO_TYPES, type TypePlan } from '../../veneer/types/reconcile-types.js';

/** What is to be done on a veneer before its foreign tables are changed, and after. */
export interface TypeWork {
  readonly extensions: readonly NeededExtension[];
  /** To be made: those of shared types; a tenant's is made by setup. */
  readonly schemas: readonly string[];
  readonly types: TypePlan;
  /** Relations that reach a type which changes: no reader may pass between the commits of shard and veneer. */
  readonly gates: readonly ForeignTable[];
  readonly parents: readonly QualifiedName[];
  /** Dropped on the shard: to be dropped as soon as nothing is made of them. */
  readonly leaving: readonly UserType[];
  /** It makes or changes what other shards show through, too. */
  readonly shared: boolean;
}

export const NO_TYPE_WORK: TypeWork = {
  extensions: [],
  schemas: [],
  types: NO_TYPES,
  gates: [],
  parents: [],
  leaving: [],
  shared: false,
};

/** Is there nothing to be done about types? */
export const isIdle = ({ extensions, schemas, types, leaving }: TypeWork): boolean =>
  extensions.length + schemas.length + types.before.length + types.after.length + leaving.length === 0;
