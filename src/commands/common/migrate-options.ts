import type { Selection } from '../../fleet/selection.js';
import type { PlanLimit } from '../../migrations/plan/plan.js';
import type { ProtocolChoice } from '../../protocol/run/journal.js';

/** How far the steps of a run reach. */
export interface PhaseOptions {
  /** `fleet`: each migration on all shards or on none; default: rollout.atomic. */
  readonly atomic?: 'fleet' | null;
  /** End after the canary shards. */
  readonly canary: boolean;
}

/** What `up`, `down` and `redo` have in common. */
export interface MigrateOptions extends Selection, PhaseOptions {
  readonly limit: PlanLimit;
  readonly dryRun: boolean;
  /** Default: auto. */
  readonly protocol?: ProtocolChoice;
  /** Milliseconds after which a session that blocks a step is ended; default: never. */
  readonly terminateBlockersMs?: number | null;
  /** Nobody else is connected: default false. */
  readonly offline?: boolean;
  /** A file of `rehearse --out`: nothing else is carried out. Default: null. */
  readonly plan?: string | null;
}
