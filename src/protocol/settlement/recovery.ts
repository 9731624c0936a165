import type { Config } from '../../config/config.js';
import { roleOf } from '../../fleet/member.js';
import { groupBy } from '../../group-by.js';
import { removeEvidence } from '../run/evidence.js';
import { attemptKey, type AttemptId, type Gid } from '../run/gid.js';
import { removeIntent } from '../run/journal.js';
import { anchorOf, type Run } from '../run/run.js';
import { readTraces, type KeptIntent, type Traces, type TraceSource } from './traces.js';
import { foresee, settleAttempt } from './settle-attempt.js';
import { patienceOf, type Ending, type SettledParticipant, type Unsettled } from './unsettled.js';

/** What recovery did with one attempt of an earlier run. */
export interface Settled {
  readonly id: AttemptId;
  readonly migration: string | null;
  readonly members: readonly string[];
  readonly ending: Ending;
}

/** How to settle what lacks a member. */
export interface RecoverOptions {
  /** Members that are lost for good and will never answer again. */
  readonly forget: readonly string[];
}

/**
 * Settles what earlier runs left. The run holds every reachable member's lock and has proved that no session of an
 * older run lives, so what is read here is final. Touches only this fleet's transactions, each from its own database.
 */
export async function recover(run: Run, { forget }: RecoverOptions = { forget: [] }): Promise<Settled[]> {
  const { looks } = run;
  const traces = await readTraces({ config: run.config, sessions: run.anchors, looks: looks.traces });
  looks.traces.clear();
  const settled: Settled[] = [];
  for (const attempt of openAttempts(run.config, traces)) {
    const unsettled = unsettledOf(attempt, ({ member }) => run.live(member), {
      at: run.at,
      forget,
      patience: patienceOf(run),
    });
    const ending = await settleOpen(run, attempt, unsettled);
    settled.push(outcomeOf(attempt, passedBy(run.config, attempt) ?? ending));
    for (const { member } of attempt.participants) await run.rest(member);
  }
  if (settled.length > 0) looks.plans.clear();
  await removeLitter(run, traces, settled);
  return settled;
}

/**
 * What `recover` would do, read without any lock: while a runner is at work, what it has prepared is shown as well.
 */
export async function foreseeRecovery(source: TraceSource, { forget }: RecoverOptions): Promise<Settled[]> {
  const traces = await readTraces(source);
  const sessionFor: Unsettled['sessionFor'] = async ({ member }) => {
    const session = source.sessions.get(member);
    if (session === undefined) throw new Error(`${member} cannot be reached`);
    return session;
  };
  const open = openAttempts(source.config, traces);
  const nothing = {
    at: async (): Promise<void> => undefined,
    patience: { lockWaitMs: 0, retries: 0, signal: AbortSignal.abort(), answerMs: 0 },
  };
  return Promise.all(
    open.map(async (attempt) =>
      outcomeOf(
        attempt,
        passedBy(source.config, attempt) ??
          (await foresee(unsettledOf(attempt, sessionFor, { ...nothing, forget }))),
      ),
    ),
  );
}

interface OpenAttempt {
  readonly id: AttemptId;
  readonly n: number;
  readonly intent: KeptIntent | null;
  readonly participants: readonly SettledParticipant[];
}

/**
 * Attempts that may not be settled: those with an intent, and those with something prepared. Evidence alone is
 * litter: the intent goes only after every participant was settled, and an attempt of one has none. But where a veneer is
 * left out, the intent may be there: evidence that is not that of all participants is an open attempt then. Pure.
 */
export function openAttempts(config: Config, { intents, found }: Traces): OpenAttempt[] {
  const known = new Set(intents.map(attemptKey));
  const withIntent = intents.map((intent) => ({
    id: idOf(intent),
    n: intent.participants.length,
    intent,
    participants: intent.participants.map((p, index) => ({
      member: p.member,
      role: p.role,
      index: index + 1,
      identity: p,
      statements: p.statements.map((sql, at) => ({ sql, follows: p.follows?.[at] ?? null })),
      whole: p.whole === true,
    })),
  }));
  const strays = groupBy(
    found.filter(({ gid }) => !known.has(attemptKey(gid))),
    ({ gid }) => attemptKey(gid),
  );
  const withoutIntent = [...strays.values()].flatMap((traces) => {
    const [first] = traces;
    const byIndex = new Map(traces.map((trace) => [ownIndex(trace.gid), trace]));
    const isPrepared = traces.some((trace) => trace.kind === 'prepared');
    if (first === undefined || !(isPrepared || (config.leftOut.length > 0 && byIndex.size < first.gid.n)))
      return [];
    const participants = [...byIndex.values()].map(({ member, gid }) => ({
      member,
      role: roleOf(config, member),
      index: ownIndex(gid),
      identity: null,
      statements: [],
      whole: false,
    }));
    return [{ id: idOf(first.gid), n: first.gid.n, intent: null, participants }];
  });
  return [...withIntent, ...withoutIntent];
}

/** Whose evidence it is: what was replayed for a participant stands under a number of its own. */
const ownIndex = ({ participant, n }: Gid): number => (participant > n ? participant - n : participant);

const idOf = ({ fleet, step, nonce }: AttemptId): AttemptId => ({ fleet, step, nonce });

function unsettledOf(
  { id, n, intent, participants }: OpenAttempt,
  sessionFor: Unsettled['sessionFor'],
  { at, forget, patience }: RecoverOptions & Pick<Unsettled, 'at' | 'patience'>,
): Unsettled {
  return {
    id,
    n,
    participants,
    intentKnown: intent !== null,
    protocol: intent?.protocol ?? 'two-phase',
    sessionFor,
    at,
    forgotten: new Set(forget),
    patience,
  };
}

async function settleOpen(run: Run, { id, intent }: OpenAttempt, unsettled: Unsettled): Promise<Ending> {
  const ending = await settleAttempt(unsettled, 0);
  if (ending.kind !== 'in doubt' && intent !== null) {
    await removeIntent(await run.live(intent.journal), id);
  }
  return ending;
}

/**
 * In doubt, whatever could be done about it here: a veneer that is left out takes part in the attempt. Every other
 * participant has been read, since a run that leaves one out reaches everybody else, so that who is missing is there. What
 * evidence told to commit is committed by now; null: nobody is missing, or an intent names them.
 */
function passedBy({ leftOut }: Config, { intent, n, participants }: OpenAttempt): Ending | null {
  if (leftOut.length === 0 || intent !== null || participants.length >= n) return null;
  const names = leftOut.map(({ name }) => name).join(', ');
  return {
    kind: 'in doubt',
    why: `${participants.length} of its ${n} participants are known, and who is missing may be on ${names}, which is left out`,
  };
}

const outcomeOf = ({ id, intent, participants }: OpenAttempt, ending: Ending): Settled => ({
  id,
  migration: intent?.migration ?? null,
  members: participants.map(({ member }) => member),
  ending,
});

/** Evidence of attempts that are settled everywhere decides nothing any more; that of one in doubt must stay. */
async function removeLitter(run: Run, { found }: Traces, settled: readonly Settled[]): Promise<void> {
  const inDoubt = new Set(settled.filter((s) => s.ending.kind === 'in doubt').map((s) => attemptKey(s.id)));
  // A member that is out of reach, or left out, may hold a prepared transaction that only this evidence can decide.
  if (run.unreachable.size > 0 || run.config.leftOut.length > 0) return;
  // What settling committed came to light with its commit: it is not among what was found before.
  const shown = settled.flatMap(({ id, members }) => members.map((member) => ({ member, gid: id })));
  const known = [...found.filter(({ kind }) => kind === 'evidence'), ...shown];
  const litter = known.filter(({ gid }) => !inDoubt.has(attemptKey(gid)));
  const byMember = groupBy(litter, ({ member }) => member);
  await Promise.all(
    [...byMember].map(([member, traces]) =>
      removeEvidence(
        anchorOf(run, member),
        traces.map(({ gid }) => gid),
      ),
    ),
  );
}
