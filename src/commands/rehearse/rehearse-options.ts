import type { Selection } from '../../fleet/selection.js';
import type { PlanLimit } from '../../migrations/plan/plan.js';

/** What is rehearsed, for whom, and what is kept of it. */
export interface RehearseOptions extends Selection {
  readonly limit: PlanLimit;
  /** `shapes`: one tenant of each shape on each shard, unless tenants are chosen by name. */
  readonly whom: 'shapes' | 'all tenants';
  /** Nobody else is connected: rewrites in a mesh are rehearsed, too. */
  readonly offline: boolean;
  /** The file of a plan for `up --plan`; null: none is written. */
  readonly out: string | null;
}
