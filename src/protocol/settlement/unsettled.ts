import type { Role } from '../../fleet/member.js';
import type { ServerFacts } from '../../postgres/server-facts.js';
import type { Session } from '../../postgres/session.js';
import type { AttemptId } from '../run/gid.js';
import type { Protocol, StepStatement } from '../run/journal.js';
import { answerTime } from '../run/answer-time.js';
import type { AtPoint, Run } from '../run/run.js';

/** Which database it is, whatever its name and url. */
export type DatabaseIdentity = Pick<ServerFacts, 'systemIdentifier' | 'databaseOid'>;

/** A database that took part, as far as it is known. */
export interface SettledParticipant {
  readonly member: string;
  readonly role: Role;
  /** 1 … n, as in its gid. */
  readonly index: number;
  /** Null where only a prepared transaction or evidence told of it, and no intent. */
  readonly identity: DatabaseIdentity | null;
  /** What lock-step replays. */
  readonly statements: readonly StepStatement[];
  /** These are all that it did, whatever its role is. */
  readonly whole: boolean;
}

/** An attempt whose fate is to be brought to an end. */
export interface Unsettled {
  readonly id: AttemptId;
  readonly n: number;
  readonly participants: readonly SettledParticipant[];
  readonly intentKnown: boolean;
  readonly protocol: Protocol;
  /**
   * A session that may settle for this participant; throws where there is none to be had. Where the participant's
   * own session broke, not before that one has ended on its server.
   */
  readonly sessionFor: (participant: SettledParticipant) => Promise<Session>;
  readonly at: AtPoint;
  /** Members that are lost for good, so the user says: they hold nothing that could decide or be decided. */
  readonly forgotten: ReadonlySet<string>;
  readonly patience: Patience;
}

/** How long a replay in lock-step waits for a lock (milliseconds), and how often and until when it is tried again. */
export interface Patience {
  readonly lockWaitMs: number;
  readonly retries: number;
  readonly signal: AbortSignal;
  /** How long a server is waited for that settles what is prepared (milliseconds). */
  readonly answerMs: number;
}

/** As a step of the run has it. */
export const patienceOf = ({ config, signal }: Pick<Run, 'config' | 'signal'>): Patience => ({
  lockWaitMs: config.rollout.lockWaitMs,
  retries: config.rollout.retries,
  signal,
  answerMs: answerTime(config),
});

/** How an attempt of an earlier run was settled. */
export type Ending =
  /**
   * `lost`: members that answered and had neither prepared nor committed it (a failover without the WAL), and veneers that
   * could not follow. `behind`: shards that did not commit though another did, which is how lock-step may end.
   */
  | { readonly kind: 'committed'; readonly lost: readonly string[]; readonly behind: readonly string[] }
  | { readonly kind: 'rolled back' }
  /** `hint`: what to do about it, where that is more than to bring its members back. */
  | { readonly kind: 'in doubt'; readonly why: string; readonly hint?: string };
