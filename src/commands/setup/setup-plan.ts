import type { MaskedStatement } from '../../veneer/servers.js';

/** What setup has to do on one member. */
export interface MemberPlan {
  readonly statements: readonly MaskedStatement[];
  /** User mappings that are set again because their options cannot be read. */
  readonly refreshed: number;
  /** What has to be there, and only somebody with more rights can make. */
  readonly forSuperuser: readonly string[];
  /** The rights that this user lacks to make things there itself. */
  readonly rights: readonly string[];
}

export const EMPTY: MemberPlan = { statements: [], refreshed: 0, forSuperuser: [], rights: [] };

/** What `statements` wait for, as SQL for a superuser. Where there is nothing to make, nobody needs rights for it. Pure. */
export const lackedBy = ({ statements, refreshed, forSuperuser, rights }: MemberPlan): readonly string[] => [
  ...forSuperuser,
  ...(statements.length > refreshed ? rights : []),
];
