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

export type Decision =
  /** All that is prepared is to be committed. `lost`: reachable, and neither prepared nor committed. */
  | { readonly kind: 'commit'; readonly lost: readonly string[]; readonly waiting: readonly string[] }
  | { readonly kind: 'roll back' }
  /** Nothing may be done: what is missing may hold the deciding evidence, or a part is not ours to settle. */
  | { readonly kind: 'leave'; readonly why: string; readonly hint?: string };

/**
 * What is to be done about one attempt: its fate, unless a part of it is not ours to settle. Then nothing is done anywhere.
 * To commit the others would leave a veneer locked with old definitions over shards that have changed, or new ones over a shard
 * that has not, until somebody else comes. Pure.
 */
export function decide(n: number, findings: readonly Finding[], intentKnown: boolean): Decision {
  const fate = fateOf(n, findings, intentKnown);
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
 */
function fateOf(n: number, findings: readonly Finding[], intentKnown: boolean): Decision {
  const members = (state: Finding['state']): string[] =>
    findings.filter((finding) => finding.state === state).map((finding) => finding.member);
  const unreachable = members('unreachable');
  const prepared = members('prepared');
  if (members('committed').length > 0)
    return { kind: 'commit', lost: members('absent'), waiting: unreachable };
  if (prepared.length === n) return { kind: 'commit', lost: [], waiting: [] };
  if (unreachable.length > 0) {
    return { kind: 'leave', why: unreadText(findings) };
  }
  if (!intentKnown || findings.length < n) {
    return {
      kind: 'leave',
      why: `${findings.length} of ${n} participants are known, and no intent names the others`,
    };
  }
  return { kind: 'roll back' };
}

/** Which participants decide nothing because they cannot be read, and why each. */
function unreadText(findings: readonly Finding[]): string {
  const unread = findings.flatMap((f) => (f.state === 'unreachable' ? [`${f.member} (${f.why})`] : []));
  return `${unread.join(', ')} cannot be read, and may have committed`;
}

export type LockStepDecision =
  /** `replay`: veneers whose statements are to be done again; `lost`: shards that did not commit though another did. */
  | {
      readonly kind: 'finish';
      readonly replay: readonly string[];
      readonly lost: readonly string[];
      readonly waiting: readonly string[];
    }
  | { readonly kind: 'roll back' }
  | { readonly kind: 'leave'; readonly why: string };

/**
 * The fate of an attempt in lock-step. Shards commit first, so a shard without evidence, with its old sessions
 * gone, means that no veneer committed either; a shard with evidence means that every veneer has to follow, and one
 * that has not is given its statements again. Pure.
 */
export function decideLockStep(findings: readonly Finding[], veneers: ReadonlySet<string>): LockStepDecision {
  const members = (state: Finding['state']): string[] =>
    findings.filter((finding) => finding.state === state).map((finding) => finding.member);
  const unreachable = members('unreachable');
  if (members('committed').length > 0) {
    const absent = members('absent');
    return {
      kind: 'finish',
      replay: absent.filter((member) => veneers.has(member)),
      lost: absent.filter((member) => !veneers.has(member)),
      waiting: unreachable,
    };
  }
  if (unreachable.length === 0) return { kind: 'roll back' };
  return { kind: 'leave', why: unreadText(findings) };
}
