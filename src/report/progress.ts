/** What a running command tells while it runs. Renderers show these; nothing is decided by them. */
export type Progress =
  | { readonly type: 'settled'; readonly text: string }
  | {
      readonly type: 'planned';
      readonly shards: readonly {
        readonly shard: string;
        readonly steps: number;
        readonly tenants: number;
        /** The steps of the veneers stand among the shards': a row of their own, and no shard. */
        readonly isVeneers?: true;
      }[];
    }
  | StepProgress
  | { readonly type: 'shard ended'; readonly shard: string; readonly state: ShardState; readonly ms: number }
  | {
      /** Statistics are taken of a shard's foreign tables, after its steps. */
      readonly type: 'analyzing';
      readonly veneer: string;
      readonly shard: string;
      readonly tables: number;
    }
  | {
      /** How far a backfill has come for a tenant. */
      readonly type: 'filling';
      readonly shard: string;
      readonly migration: string;
      readonly tenant: string;
      /** Rows that were changed so far. */
      readonly rows: number;
      /** Rows of the table, as PostgreSQL estimates them; null: it does not. */
      readonly about: number | null;
      readonly state: 'running' | 'done';
    }
  | {
      /** A line that a hook printed; `shard` is that of its step, or null. */
      readonly type: 'hook';
      readonly event: string;
      readonly shard: string | null;
      readonly text: string;
    }
  | { readonly type: 'notice'; readonly text: string };

/** How far a step of a shard is. */
export type StepProgress = {
  readonly type: 'step';
  readonly shard: string;
  readonly migration: string;
  /** 1-based number of this step among the shard's. */
  readonly index: number;
  readonly of: number;
  readonly phase: StepPhase;
  /** How many tenants the step covers, and in 'running' how many of them are done. */
  readonly tenants: number;
  readonly tenantsDone?: number;
  /** For 'retrying' and 'waiting': why. For 'failed': the error's message. */
  readonly why?: string;
  /** For 'committed': milliseconds of the whole attempt. */
  readonly ms?: number;
};

/** What a step is at; it ends by one of `committed`, `retrying` (and then begins anew) and `failed`. */
export type StepPhase =
  'waiting' | 'running' | 'veneer' | 'preparing' | 'committing' | 'committed' | 'retrying' | 'failed';

/** How a shard stands at the end of a run; every shard has one, `not started` included. */
export type ShardState =
  'not started' | 'up to date' | 'done' | 'failed' | 'stopped' | 'interrupted' | 'in doubt' | 'unreachable';

export type OnProgress = (event: Progress) => void;
