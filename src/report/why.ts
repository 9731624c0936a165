import type { Options } from '../catalog/relations/relation.js';
import type { QualifiedName } from '../postgres/identifiers.js';
import type { MappingState } from '../veneer/servers.js';
import type { WriteLimit } from '../veneer/writes.js';
import type { Drift } from './drift/drift.js';
import type { ReportBase } from './report-base.js';

export interface WhyReport extends ReportBase {
  readonly command: 'why';
  /** As it was typed. */
  readonly name: string;
  /** `tenant`: all of its relations follow. */
  readonly meant: 'tenant' | 'relation';
  /** Those that are meant, or whose relations are. */
  readonly tenants: readonly WhyTenant[];
  /** One for each veneer and relation of a shard. */
  readonly relations: readonly WhyRelation[];
  /** What veneers themselves have under the name. */
  readonly locals: readonly WhyLocal[];
}

export interface WhyTenant {
  readonly tenant: string;
  readonly shard: string;
  readonly member: string;
  readonly schema: string;
  /** The postgres_fdw server that stands for the member on veneers. */
  readonly server: string;
}

/**
 * - `in line`: what stands on the veneer is what the shard is;
 * - `differs`: it is not, or nothing stands there, or more than the shard has; `drift` tells;
 * - `excepted`: a rule leaves it out; `no rule`: none takes it; `partition`: its parent shows it, and no rule names it;
 * - `own`: the veneer has it itself; `no veneer`: the fleet has none;
 * - `not read`: the shard or the veneer could not be asked, or another session locks it.
 */
export type WhyState =
  'in line' | 'differs' | 'excepted' | 'no rule' | 'partition' | 'own' | 'no veneer' | 'not read';

export interface WhyRelation {
  /** Null: the fleet has none. */
  readonly veneer: string | null;
  readonly member: string;
  /** Null for a relation of the shard itself. */
  readonly tenant: string | null;
  readonly server: string;
  /** Its name on the shard. */
  readonly remote: QualifiedName;
  /** pg_class.relkind on the shard; null: it has none of this name, or was not asked. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | null;
  readonly state: WhyState;
  /** The name that its rule gives it on the veneer; null: none does. */
  readonly shownAs: QualifiedName | null;
  readonly rule: WhyRule | null;
  /** The foreign table that stands on the veneer; null: none does. */
  readonly table: WhyTable | null;
  readonly drift: readonly Drift[];
  readonly roles: readonly WhyRole[];
  /** What INSERTs through the veneer suffer. */
  readonly writes: readonly WriteLimit[];
}

export interface WhyRule {
  readonly from: string;
  readonly as: string;
  /** Line of shards.yaml; null: the rule of a fleet that has none. */
  readonly line: number | null;
  /** Of its `except`, the pattern that leaves the relation out; else null. */
  readonly except: string | null;
}

export interface WhyTable extends QualifiedName {
  readonly owner: string;
  readonly options: Options;
  /** The partitioned table of the veneer that it is attached to, else null. */
  readonly parent: QualifiedName | null;
}

/** A role of shards.yaml; never with a password. */
export interface WhyRole {
  readonly role: string;
  /** What it may do with what stands on the veneer: of select, insert, update and delete. */
  readonly privileges: readonly string[];
  /** Who it is on the shard. */
  readonly user: string;
  /** Its user mapping against shards.yaml. */
  readonly mapping: MappingState;
  /** What that user may do with the relation on the shard; null where that is not known. */
  readonly there: readonly string[] | null;
}

export interface WhyLocal {
  readonly veneer: string;
  readonly local: QualifiedName;
  /** pg_class.relkind; null: it is to be there, and is not. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | null;
  /** What a rule has to do with it, else `its own`. */
  readonly what: 'union view' | 'parent of partitions' | 'its own';
  readonly rule: WhyRule | null;
  /** Of a view over all tenants. */
  readonly drift: readonly Drift[];
}
