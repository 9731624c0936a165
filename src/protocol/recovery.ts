import type { Config } from '../config/config.js';
import { groupBy } from '../group-by.js';
import { readEvidence, readPrepared, removeEvidence } from './evidence.js';
import { attemptKey, type AttemptId, type Gid } from './gid.js';
import { readIntents, removeIntent, type Intent } from './journal.js';
import { anchorOf, journalMember, type Run } from './run.js';
import { settleAttempt, type Ending, type SettledParticipant, type Unsettled } from './settle-attempt.js';

/** What recovery did with one attempt of an earlier run. */
export interface Settled {
  readonly id: AttemptId;
  readonly migration: string | null;
  readonly members: readonly string[];
  readonly ending: Ending;
}

/** Traces of attempts in the databases: intents, prepared transactions, evidence. */
export interface Traces {
  readonly intents: readonly Intent[];
  readonly found: readonly Trace[];
}

export interface Trace {
  readonly member: string;
  readonly gid: Gid;
  readonly kind: 'prepared' | 'evidence';
}

/**
 * Settles what earlier runs left. The run holds every reachable member's lock and has proved that no session of an
 * older run lives, so what is read here is final. Touches only this fleet's transactions, each from its own database.
 */
export async function recover(run: Run): Promise<Settled[]> {
  const traces = await readTraces(run);
  const open = openAttempts(run.config, traces);
  const settled: Settled[] = [];
  for (const attempt of open) settled.push(await settleOpen(run, attempt));
  await removeLitter(run, traces, settled);
  return settled;
}

async function readTraces(run: Run): Promise<Traces> {
  const journal = anchorOf(run, journalMember(run.config));
  const intents = await readIntents(journal, run.config.fleet);
  const found = await Promise.all(
    [...run.anchors.entries()].map(async ([member, session]): Promise<Trace[]> => {
      const prepared = await readPrepared(session, run.config.fleet);
      const evidence = await readEvidence(session, run.config.fleet);
      return [
        ...prepared.map(({ parsed }) => ({ member, gid: parsed, kind: 'prepared' as const })),
        ...evidence.map((gid) => ({ member, gid, kind: 'evidence' as const })),
      ];
    }),
  );
  return { intents, found: found.flat() };
}

interface OpenAttempt {
  readonly id: AttemptId;
  readonly n: number;
  readonly intent: Intent | null;
  readonly participants: readonly SettledParticipant[];
}

/**
 * Attempts that may not be settled: those with an intent, and those with something prepared. Evidence alone is
 * litter: the intent goes only after every participant was settled, and an attempt of one has none. Pure.
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
    })),
  }));
  const strays = groupBy(
    found.filter(({ gid }) => !known.has(attemptKey(gid))),
    ({ gid }) => attemptKey(gid),
  );
  const veneers = new Set(config.veneers.map((veneer) => veneer.name));
  const withoutIntent = [...strays.values()].flatMap((traces) => {
    const [first] = traces;
    if (first === undefined || !traces.some((trace) => trace.kind === 'prepared')) return [];
    const byMember = new Map(traces.map((trace) => [trace.member, trace]));
    const participants = [...byMember.values()].map(({ member, gid }) => ({
      member,
      role: veneers.has(member) ? ('veneer' as const) : ('shard' as const),
      index: gid.participant,
      identity: null,
    }));
    return [{ id: idOf(first.gid), n: first.gid.n, intent: null, participants }];
  });
  return [...withIntent, ...withoutIntent];
}

const idOf = ({ fleet, step, nonce }: AttemptId): AttemptId => ({ fleet, step, nonce });

async function settleOpen(run: Run, { id, n, intent, participants }: OpenAttempt): Promise<Settled> {
  const unsettled: Unsettled = {
    id,
    n,
    participants,
    intentKnown: intent !== null,
    protocol: intent?.protocol ?? 'two-phase',
    statements: intent?.statements ?? {},
    sessionFor: async (member) => anchorOf(run, member),
    at: run.at,
  };
  const ending = await settleAttempt(unsettled, 0);
  if (ending.kind !== 'in doubt' && intent !== null)
    await removeIntent(anchorOf(run, journalMember(run.config)), id);
  return { id, migration: intent?.migration ?? null, members: participants.map((p) => p.member), ending };
}

/** Evidence of attempts that are settled everywhere decides nothing any more; that of one in doubt must stay. */
async function removeLitter(run: Run, { found }: Traces, settled: readonly Settled[]): Promise<void> {
  const inDoubt = new Set(settled.filter((s) => s.ending.kind === 'in doubt').map((s) => attemptKey(s.id)));
  // A member that is out of reach may hold a prepared transaction that only this evidence can decide.
  if (run.unreachable.size > 0) return;
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
