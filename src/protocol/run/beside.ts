import type { Member } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import { newApproach } from './approach.js';
import type { Opening } from './win-back.js';

/** Milliseconds that a statement beside the work may take. */
const STATEMENT_MS = 2_000;

/** Sessions to the journal member that take no part in the protocol, for what is written and read beside the work. */
export interface Beside {
  /** One, from now on the caller's. Throws exit 23 where the member cannot be reached. */
  readonly open: () => Promise<Session>;
  /** Nobody asks for one any more. */
  readonly leave: () => void;
}

/** `soon`: one is going to be asked for as soon as the run has its locks, and is opened meanwhile. */
export function newBeside(member: Member, opening: Opening, soon: boolean): Beside {
  const approach = newApproach({ ...opening, settings: { statement_timeout: String(STATEMENT_MS) } });
  if (soon) approach.begin(member);
  return { open: () => approach.arrive(member), leave: approach.leave };
}
