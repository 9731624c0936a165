import type { Config } from '../../config/config.js';
import type { ExitCode, Problem } from '../../errors.js';
import type { Direction, Scope } from '../../migrations/migration.js';
import type { ShardState } from '../../report/progress.js';
import { secretMask } from '../run/mask-secrets.js';
import type { Run } from '../run/run.js';

/** What a hook is told, as JSON: FORMATS.md. Names are those of shards.yaml; no secret is among it. */
export type HookFacts = StepFacts | EndedStepFacts | RunFacts;

export type HookEvent = HookFacts['event'];

interface CommonFacts {
  readonly fleet: string;
  readonly run: string;
  /** The word after `migrate`. */
  readonly command: string;
  readonly who: string;
}

/** A step that is about to run. */
export interface StepFacts extends CommonFacts, HookedStep {
  readonly event: 'before_step';
}

/** What a step is to its hooks. */
export interface HookedStep {
  readonly step: string;
  readonly migration: string;
  readonly scope: Scope;
  readonly direction: Direction;
  /** Those whose transaction the step is; none where it is of the veneers alone. */
  readonly shards: readonly { readonly shard: string; readonly tenants: readonly string[] }[];
  /** Those that may take part. */
  readonly veneers: readonly string[];
}

/** A step that has come to its end. */
export interface EndedStepFacts extends CommonFacts, HookedStep {
  readonly event: 'after_step';
  readonly outcome: 'committed' | 'failed' | 'interrupted' | 'in doubt';
  readonly attempts: number;
  /** Milliseconds of the attempt that committed; null where none did. */
  readonly ms: number | null;
  readonly protocol: string | null;
  readonly problem: Problem | null;
}

/** A run that has come to its end, with what its report says so far. */
export interface RunFacts extends CommonFacts {
  readonly event: 'after_run';
  readonly exitCode: ExitCode;
  readonly ms: number;
  readonly shards: readonly {
    readonly shard: string;
    readonly state: ShardState;
    readonly tenants: readonly string[];
  }[];
  readonly veneers: readonly string[];
  /** Of all scopes, each shard's counted by itself. */
  readonly steps: { readonly committed: number; readonly other: number };
  readonly problems: readonly Problem[];
}

export const commonFacts = ({ id, command, who, config }: Run): CommonFacts => ({
  fleet: config.fleet,
  run: id,
  command,
  who,
});

/** The facts as one line. An error of PostgreSQL may quote what a statement held: each text is masked by itself. */
export function factsJson(config: Config, facts: HookFacts): string {
  const mask = secretMask(config);
  return JSON.stringify(facts, (_, value: unknown) => (typeof value === 'string' ? mask(value) : value));
}
