import type { ShardConfig, TenantConfig, VeneerConfig } from '../../config/config.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import { targetOf, type Target } from '../../target.js';

/** Whom a migration runs for, with what a session is set to meanwhile. */
export interface Subject {
  readonly name: string;
  /** The tenant's name; null for a shard or veneer itself. */
  readonly tenant: string | null;
  /** One schema alone: what a migration does not qualify can only be there, or be PostgreSQL's. */
  readonly searchPath: string;
  /** For current_setting('pgveneer.…'). What does not apply is empty: a migration before may have left a name there. */
  readonly settings: Readonly<Record<string, string>>;
  readonly target: Target;
}

/** A tenant, in its schema. */
export const tenantSubject = ({ name, schema, shard }: TenantConfig): Subject => ({
  name,
  tenant: name,
  searchPath: schema,
  settings: { tenant: name, shard },
  target: targetOf({ scope: 'tenant', tenant: name, schema, shard }),
});

const shardSubject = ({ name, key }: ShardConfig): Subject => ({
  name,
  tenant: null,
  searchPath: 'public',
  settings: { tenant: '', shard: key },
  target: targetOf({ scope: 'shard', shard: key }),
});

/** A veneer itself, in `public`. */
export const veneerSubject = ({ name }: VeneerConfig): Subject => ({
  name,
  tenant: null,
  searchPath: 'public',
  settings: { tenant: '', shard: '', veneer: name },
  target: targetOf({ scope: 'veneer', veneer: name }),
});

/** Whom a step runs its migration for on one shard, in order. */
export const subjectsOf = ({ migration, tenants }: PlannedStep, shard: ShardConfig): Subject[] =>
  migration.scope === 'shard' ? [shardSubject(shard)] : tenants.map(tenantSubject);
