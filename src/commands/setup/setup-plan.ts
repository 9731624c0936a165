import type { MaskedStatement } from '../../veneer/servers.js';

/** What setup has to do on one member. */
export interface MemberPlan {
  readonly statements: readonly MaskedStatement[];
  /** User mappings that are set again because their options cannot be read. */
  readonly refreshed: number;
  /** What only somebody with more rights can do; where there is any, `statements` wait for it. */
  readonly forSuperuser: readonly string[];
}

export const EMPTY: MemberPlan = { statements: [], refreshed: 0, forSuperuser: [] };
