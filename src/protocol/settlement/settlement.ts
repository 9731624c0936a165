import type { Role } from '../../fleet/member.js';

/**
 * What became of one participant of an attempt, as read from its own database: first pg_prepared_xacts, then, in a
 * new statement, the evidence row. In this order a transaction that commits in between is seen as committed, or as
 * both; in the other order it would be seen as neither (PROTOCOL section 6).
 */
export type Finding =
  | { readonly state: 'unreachable'; readonly member: string; readonly why: string }
  | { readonly state: 'prepared'; readonly member: string; readonly barred?: Barred }
  | { readonly state: 'committed' | 'absent'; readonly member: string };

/** Prepared by somebody else than who we are there now: PostgreSQL lets its owner settle it, and superusers. */
export interface Barred {
  readonly owner: string;
  readonly user: string;
}

/** What becomes of an attempt in two-phase. */
export type Decision =
  /** All that is prepared is to be committed. `lost`: reachable, and neither prepared nor committed. */
  | { readonly kind: 'commit'; readonly lost: readonly string[]; readonly waiting: readonly string[] }
  /** `unread`: who may be prepared and cannot be read, so that it is not done there; null: nobody. */
  | { readonly kind: 'roll back'; readonly unread: string | null }
  /** Nothing may be done: what is missing may hold the deciding evidence, or a part is not ours to settle. */
  | { readonly kind: 'leave'; readonly why: string; readonly hint?: string };

/** By whom an attempt's fate is asked for. */
export interface Asked {
  /** An intent names all participants. */
  readonly intentKnown: boolean;
  /** By who began it, holds the run lock since, has not decided to commit, and does not unless the answer is to. */
  readonly givesUp?: boolean;
}

/**
 * What is to be done about one attempt: its fate, unless a part of it is not ours to settle. Then nothing is done anywhere.
 * To commit the others would leave a veneer locked with old definitions over shards that have changed, or new ones over a shard
 * that has not, until somebody else comes. Pure.
 */
export function decide(n: number, findings: readonly Finding[], asked: Asked): Decision {
  const fate = fateOf(n, findings, asked);
  const barred = findings.flatMap((f) =>
    f.state === 'prepared' && f.barred !== undefined ? [{ member: f.member, ...f.barred }] : [],
  );
  if (fate.kind === 'leave' || barred.length === 0) return fate;
  const each = barred.map(
    ({ member, owner, user }) => `${member} was prepared by ${owner}, and we are ${user} there`,
  );
  const back = barred.map(({ member, owner }) => `${owner} on ${member}`);
  return {
    kind: 'leave',
    why: `to be ${fate.kind === 'commit' ? 'committed' : 'rolled back'}, but ${each.join('; ')}; so nothing is settled anywhere`,
    hint: `be ${back.join(' and ')} again, by url or role in shards.yaml, or a superuser there; then migrate recover`,
  };
}

/**
 * The fate of one attempt, from what was found. Pure, and the same whoever asks: a running step, the next run, or
 * `recover`.
 *
 * Why it is safe. A participant commits only after all n were prepared, so evidence anywhere means that the
 * decision to commit was made: it can only be followed. All n prepared and none committed: no one has decided yet,
 * or decided to commit, since a runner rolls back prepared participants only while some participant is not
 * prepared and can no longer become so; committing is right in both cases. Fewer than n prepared, no evidence, and
 * every participant read after its old sessions had ended: no PREPARE can still arrive, so no one can ever find
 * all n, and rolling back is right. The intent is needed there because it lists who the n are: without it a
 * participant that nobody thought of could hold the evidence.
 *
 * Who began the attempt knows more than can be read: that it sent no COMMIT PREPARED; and nobody else did, since it holds the run
 * lock. Giving up it may roll back although a participant cannot be read: the most that will be found there is that it is prepared,
 * the others are not and cannot be any more, and fewer than n are rolled back by whoever finds them. Where nobody can be read there are
 * no others: all may be prepared, and be committed by whoever finds that.
 */
function fateOf(n: number, findings: readonly Finding[], { intentKnown, givesUp = false }: Asked): Decision {
  const members = (state: Finding['state']): string[] =>
    findings.filter((finding) => finding.state === state).map((finding) => finding.member);
  const unreachable = members('unreachable');
  const prepared = members('prepared');
  if (members('committed').length > 0)
    return { kind: 'commit', lost: members('absent'), waiting: unreachable };
  if (prepared.length === n) return { kind: 'commit', lost: [], waiting: [] };
  if (unreachable.length > 0 && unreachable.length < n && givesUp)
    return { kind: 'roll back', unread: givenUpText(findings) };
  if (unreachable.length > 0) return { kind: 'leave', why: unreadText(findings) };
  if (!intentKnown || findings.length < n) {
    return {
      kind: 'leave',
      why: `${findings.length} of ${n} participants are known, and no intent names the others`,
    };
  }
  return { kind: 'roll back', unread: null };
}

/** Which participants decide nothing because they cannot be read, and why each. */
const unreadText = (findings: readonly Read[]): string =>
  `${unreadNames(findings)} cannot be read, and may have committed`;

const givenUpText = (findings: readonly Read[]): string =>
  `rolled back, but ${unreadNames(findings)} cannot be read, and may have prepared its part, which is rolled back as well then`;

interface Read {
  readonly state: string;
  readonly member: string;
  readonly why?: string;
}

const unreadNames = (findings: readonly Read[]): string =>
  findings
    .flatMap(({ state, member, why }) => (state === 'unreachable' ? [`${member} (${why})`] : []))
    .join(', ');

/** A participant in lock-step, and what it has at stake. */
export interface LockStepFinding {
  readonly member: string;
  /**
   * `shard`: work of its own, which nothing brings back; `veneer`: what can be replayed; a member that is both may have both
   * at stake.
   */
  readonly role: Role;
  /**
   * `followed`: its own transaction is gone, and what others had committed was replayed there since (see `replay`); all else as
   * in two-phase, but for `prepared`, which nothing is here.
   */
  readonly state: 'committed' | 'followed' | 'absent' | 'unreachable';
  /** Why it cannot be read. */
  readonly why?: string;
}

/** What becomes of an attempt in lock-step. */
export type LockStepDecision =
  | {
      readonly kind: 'finish';
      /** Whose statements for what others changed are to be done again, as far as they follow these shards. */
      readonly replay: readonly string[];
      readonly committed: readonly string[];
      /** Shards that had committed, as a veneer proves, and do not know of it any more. */
      readonly lost: readonly string[];
      /** Shards that did not commit though another did, and have the migration pending. */
      readonly behind: readonly string[];
      readonly waiting: readonly string[];
    }
  | { readonly kind: 'roll back' }
  | { readonly kind: 'leave'; readonly why: string };

/**
 * The fate of an attempt in lock-step. Shards commit first, one after the other, and the first failure ends it: so a shard
 * without evidence, with its old sessions gone, did not commit, and no veneer of its own accord; evidence of a veneer's own
 * transaction says that every shard did. A shard with evidence means that every veneer has to follow it, and not those that
 * did not commit: their old definitions are right. Which they are must be known first, since a veneer follows once. Pure.
 */
export function decideLockStep(findings: readonly LockStepFinding[]): LockStepDecision {
  const some = (wanted: (finding: LockStepFinding) => boolean): string[] =>
    findings.filter(wanted).map(({ member }) => member);
  const isShard = ({ role }: LockStepFinding): boolean => role !== 'veneer';
  const unreachable = findings.filter(({ state }) => state === 'unreachable');
  if (findings.every(({ state }) => state === 'absent' || state === 'unreachable'))
    return unreachable.length === 0 ? { kind: 'roll back' } : { kind: 'leave', why: unreadText(unreachable) };
  const allCommitted = findings.some(({ role, state }) => role === 'veneer' && state === 'committed');
  const missing = some((one) => isShard(one) && (one.state === 'absent' || one.state === 'followed'));
  const isKnown = allCommitted || !unreachable.some(isShard);
  return {
    kind: 'finish',
    replay: isKnown ? some(({ role, state }) => role !== 'shard' && state === 'absent') : [],
    committed: some((one) => isShard(one) && (allCommitted || one.state === 'committed')),
    lost: allCommitted ? missing : [],
    behind: allCommitted ? [] : missing,
    waiting: unreachable.map(({ member }) => member),
  };
}
