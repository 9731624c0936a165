import type { Secret } from '../secret.js';
import type { HooksConfig } from './hooks.js';

/**
 * The fleet as `shards.yaml` and the environment describe it: checked, complete, readonly. Placeholders and
 * variables are filled in, defaults are applied; nobody after `loadConfig` reads the file or `process.env` again.
 */
export interface Config {
  readonly fleet: string;
  /** Absolute path of shards.yaml. */
  readonly file: string;
  /** Absolute path of the folder of migrations. */
  readonly migrations: string;
  /** In the order of their names: the order in which locks are taken. The first one is the journal member. */
  readonly veneers: readonly VeneerConfig[];
  /** Veneers that this command does without (`--without`): nothing is opened, locked or changed there. */
  readonly leftOut: readonly VeneerConfig[];
  /** Members, in the order of the file: one for a shard, or one for each of its tenants where a tenant is a database. */
  readonly shards: readonly ShardConfig[];
  /**
   * Databases of tenants that are listed nowhere and take part in a step that is not settled: a tenant that is made, or
   * dropped. Members, so that the step can be settled, and nothing else.
   */
  readonly unlisted: readonly ShardConfig[];
  /** What a tenant is: a schema in the database of its shard, or a database of its own there. */
  readonly tenantIs: 'schema' | 'database';
  /** By key: how the runner reaches each shard's server, also one without tenants; where a database is created from. */
  readonly servers: ReadonlyMap<string, Secret>;
  /** Who is asked which tenants there are; null: shards.yaml lists them. */
  readonly tenantQuery: TenantQuery | null;
  readonly roles: readonly RoleConfig[];
  readonly expose: readonly ExposeRule[];
  readonly extensions: readonly string[];
  readonly rollout: RolloutConfig;
  readonly policy: PolicyConfig;
  readonly hooks: HooksConfig;
}

export interface VeneerConfig {
  readonly name: string;
  /** postgres:// url with user and password: how the runner reaches it. A name that is a shard too has the shard's. */
  readonly url: Secret;
  /** The role that owns the foreign tables and works there, where it is not the url's user. */
  readonly setRole: string | null;
  /** By shard: server options where this veneer's route differs. */
  readonly routes: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** A member that owns tenants: a shard, or one database of it. */
export interface ShardConfig {
  /** Its name as a member: the shard's, or `<shard>/<tenant>` for a tenant's own database. */
  readonly name: string;
  /** The shard's name in shards.yaml: what `--shard`, `canary` and `{shard}` mean. Databases of one server share it. */
  readonly key: string;
  /** The tenant's own database; null where tenants are schemas of the shard's. */
  readonly database: string | null;
  readonly url: Secret;
  /** The role that owns what a migration makes, where it is not the url's user. */
  readonly setRole: string | null;
  /** The postgres_fdw server that stands for this shard on each veneer. */
  readonly server: ServerConfig;
  readonly tenants: readonly TenantConfig[];
  /** One per role of the fleet, with the placeholders of this shard, and of its one tenant, filled in. */
  readonly userMappings: readonly UserMappingConfig[];
}

export interface ServerConfig {
  readonly name: string;
  /** Options of CREATE SERVER, as the veneer needs them: host, port, dbname (default: the url's) and what is set besides. */
  readonly options: Readonly<Record<string, string>>;
}

/** A query for the tenants; `src/fleet/ask-tenants.ts` runs it when a command begins. */
export interface TenantQuery {
  /** SQL that gives rows of (tenant, shard). */
  readonly query: string;
  /** The database that is asked; null: the first veneer. */
  readonly url: Secret | null;
}

/** What such a query answers: names as they are, in which nothing is filled in. */
export interface TenantRow {
  readonly tenant: string;
  readonly shard: string;
}

export interface TenantConfig {
  readonly name: string;
  /** The key of its shard. */
  readonly shard: string;
  /** The tenant's schema on the shard. */
  readonly schema: string;
}

/** A role of the veneer and what it may do; `user` and `password` are per shard: {@link UserMappingConfig}. */
export interface RoleConfig {
  readonly name: string;
  /** Privileges on tables, on both sides; empty for an owner. */
  readonly grant: readonly TablePrivilege[];
}

/** As whom a role of the veneer works on a shard. */
export interface UserMappingConfig {
  /** The role on the veneer. */
  readonly role: string;
  /** The user on the shard. */
  readonly user: string;
  readonly password: Secret | null;
}

export type TablePrivilege = 'select' | 'insert' | 'update' | 'delete';

/** A rule by which a relation of a shard appears in a veneer; patterns with `{tenant} {shard} {schema} {table}`, and words of their own. */
export interface ExposeRule {
  /** `schema.relation` on the shard. */
  readonly from: string;
  /** `schema.relation` on the veneer. */
  readonly as: string;
  /** Globs over relation names that are not exposed. */
  readonly except: readonly string[];
  /** The foreign table is a partition of a table of the veneer; null: it stands by itself. */
  readonly partition: PartitionRule | null;
  /** `schema.relation` on the veneer: a view over all tenants that shows what the rule shows of each; null: none. */
  readonly union: string | null;
  /** Where it begins in shards.yaml, 1-based; left out: the rule of a fleet that has none. */
  readonly line?: number;
}

/** The partitioned table that a rule attaches to. */
export interface PartitionRule {
  /** `schema.relation` on the veneer. */
  readonly of: string;
  /** SQL as behind FOR VALUES, or DEFAULT; a `{name}` in it becomes a quoted literal. */
  readonly bounds: string;
}

/** `rollout`, with its defaults. */
export interface RolloutConfig {
  /** Names of the shards that go first, through all of their pending migrations. */
  readonly canary: readonly string[];
  /** Shards migrated at the same time. */
  readonly concurrency: number;
  /** Budget, in milliseconds: waiting while anything that blocks the application is held. */
  readonly lockWaitMs: number;
  /** Budget, in milliseconds: from the first such lock to its release. */
  readonly lockHoldMs: number;
  /** `fleet`: each migration commits on all shards or on none; null: each shard with its veneers. */
  readonly atomic: 'fleet' | null;
  /** Tenants of a shard in one step at most; `auto`: as many as are worth it, where the servers' lock tables allow. */
  readonly batch: number | 'auto';
  /** After a failure: end; let the other shards go on; or leave the failing tenants out and go on. */
  readonly onError: 'stop' | 'continue' | 'skip-tenant';
  /** Further attempts after the first one lost a lock. */
  readonly retries: number;
  /** Foreign tables that a run ANALYZEs at its end: those it made, also those of which it changed a type, or none. */
  readonly analyze: 'new' | 'changed' | 'never';
}

/** `policy`, with its defaults. */
export interface PolicyConfig {
  readonly outOfOrder: 'refuse' | 'allow' | 'ignore';
  /** What a migration may do after which INSERTs through a veneer fail that worked before. */
  readonly writes: 'warn' | 'refuse' | 'allow';
  /** What a migration that rewrites or replaces a table with rows may do; `fence`: wait until no reader has an old snapshot. */
  readonly rewrites: 'fence' | 'refuse' | 'allow';
}
