import type { Occupied } from '../../catalog/relations/read-foreign-tables.js';
import type { Config, ShardConfig } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import type { ShardFacts, VeneerFacts } from './facts.js';
import type { BoundsRead } from '../setup/changed-bounds.js';
import type { Verification } from './verify-imports.js';
import type { MappingProbe } from '../../report/drift/drift-of-servers.js';
import type { CommittedStep } from '../../report/drift/drift-of-shards.js';
import type { MarkedDatabase } from './marked-databases.js';
import type { BegunRun } from '../../protocol/history/read-history.js';
import type { SiblingFacts } from './status-siblings.js';
import type { VeneerTypes } from './status-types.js';

/** Everything that was read, for a fold that reads nothing more. */
export interface StatusFacts {
  readonly config: Config;
  /** Selected shards with their selected tenants. */
  readonly shards: readonly ShardConfig[];
  readonly migrations: readonly Migration[];
  readonly shardFacts: ReadonlyMap<string, ShardFacts>;
  readonly veneerFacts: ReadonlyMap<string, VeneerFacts>;
  /** By veneer: names that something else bears. */
  readonly taken: ReadonlyMap<string, readonly Occupied[]>;
  /** By veneer: what stands there for the shards' types. */
  readonly veneerTypes: ReadonlyMap<string, VeneerTypes>;
  /** By veneer: which user mappings work. */
  readonly probes: ReadonlyMap<string, readonly MappingProbe[]>;
  readonly siblings: SiblingFacts;
  readonly marked: readonly MarkedDatabase[];
  /** Committed steps that their shards know nothing of. */
  readonly unknownSteps: readonly CommittedStep[];
  /** As the history tells; null where nothing tells of any. */
  readonly lastRun: BegunRun | null;
  /** By member: why it could not be read. */
  readonly problems: ReadonlyMap<string, Problem>;
  readonly versions: ReadonlyMap<string, number>;
  /** That steps run in lock-step, and where. */
  readonly lockStep: readonly string[];
  /** What IMPORT FOREIGN SCHEMA says; null where it was not asked. */
  readonly verified: Verification | null;
  /** By veneer: bounds of partitions that shards.yaml has changed; empty where it was not asked. */
  readonly bounds: ReadonlyMap<string, BoundsRead>;
}
