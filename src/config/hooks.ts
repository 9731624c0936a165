/** What runs around the steps of `up`, `down` and `redo`, in the order in which it is listed. */
export interface HooksConfig {
  /** Before anything of a step is begun. */
  readonly beforeStep: readonly HookConfig[];
  /** When a step that ran has ended. */
  readonly afterStep: readonly HookConfig[];
  /** When the run has ended. */
  readonly afterRun: readonly HookConfig[];
}

export type HookConfig = CommandHook | SqlHook;

/** A program, or a line for the shell. */
export interface CommandHook {
  readonly kind: 'command';
  /** A program and its words, or a text for the shell. */
  readonly command: readonly [string, ...string[]] | string;
  readonly timeoutMs: number;
}

/** SQL that runs on members. */
export interface SqlHook {
  readonly kind: 'sql';
  readonly sql: string;
  readonly on: HookPlace;
  readonly timeoutMs: number;
}

/** The shards of the step, all veneers, or one member. */
export type HookPlace =
  | { readonly kind: 'shards' }
  | { readonly kind: 'veneers' }
  | { readonly kind: 'member'; readonly name: string };
