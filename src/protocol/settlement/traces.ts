import type { Config } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { readEvidence, readPrepared } from '../run/evidence.js';
import type { FoundOn } from '../run/first-look.js';
import type { Gid } from '../run/gid.js';
import { readIntents, type Intent } from '../run/journal.js';
import { journals } from '../run/journal-member.js';
import { isSame } from './find-participants.js';

/** Traces of attempts in the databases: intents, prepared transactions, evidence. */
export interface Traces {
  readonly intents: readonly KeptIntent[];
  readonly found: readonly Trace[];
}

/** An intent, and the member on which it was found. */
export interface KeptIntent extends Intent {
  readonly journal: string;
}

/** A part of an attempt that a member has, prepared or, as evidence says, committed. */
export interface Trace {
  readonly member: string;
  readonly gid: Gid;
  readonly kind: 'prepared' | 'evidence';
}

/** Where recovery reads: the members that answered, by name. */
export interface TraceSource {
  readonly config: Config;
  readonly sessions: ReadonlyMap<string, Session>;
  /** Of members that have been looked at already. */
  readonly looks?: ReadonlyMap<string, FoundOn>;
}

/**
 * Those of the members that answer and cannot be forgotten. One that was lost and made anew can: every intent that names it
 * tells of another database than the one that answers now, which can neither hold nor decide anything of these attempts.
 */
export async function stillThere(source: TraceSource, members: readonly string[]): Promise<string[]> {
  const there = members.flatMap((member) => source.sessions.get(member) ?? []);
  if (there.length === 0) return [];
  const parts = (await readKept(source)).flatMap(({ participants }) => participants);
  return there.flatMap((session) => {
    const named = parts.filter(({ member }) => member === session.member);
    const isAnother = named.length > 0 && named.every((part) => !isSame(session, part));
    return isAnother ? [] : [session.member];
  });
}

async function readKept({ config, sessions }: TraceSource): Promise<KeptIntent[]> {
  const intents = await Promise.all(
    journals(config).map(async (journal): Promise<KeptIntent[]> => {
      const session = sessions.get(journal);
      const kept = session === undefined ? [] : await readIntents(session, config.fleet);
      return kept.map((intent) => ({ ...intent, journal }));
    }),
  );
  return intents.flat();
}

/** Reads what there is. */
export async function readTraces(source: TraceSource): Promise<Traces> {
  const { config, sessions, looks } = source;
  const intents = await readKept(source);
  const found = await Promise.all(
    [...sessions.entries()].map(async ([member, session]): Promise<Trace[]> => {
      const { prepared, evidence } = looks?.get(member) ?? (await readFound(session, config.fleet));
      return [
        ...prepared.map(({ parsed }) => ({ member, gid: parsed, kind: 'prepared' as const })),
        ...evidence.map((gid) => ({ member, gid, kind: 'evidence' as const })),
      ];
    }),
  );
  return { intents, found: found.flat() };
}

/** In this order, over one connection: what commits in between is seen twice, and not missed. */
async function readFound(session: Session, fleet: string): Promise<FoundOn> {
  const [prepared, evidence] = await allDone([readPrepared(session, fleet), readEvidence(session, fleet)]);
  return { prepared, evidence };
}
