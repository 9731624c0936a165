import { readSequences, type SequenceState } from '../../catalog/read-sequences.js';
import type { Plan } from '../../migrations/plan/plan.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { Rehearsal } from '../../protocol/rehearsal/rehearsal.js';
import type { MovedSequence } from '../../report/rehearse.js';

/**
 * Does the work, and tells which sequences of its tenants stand elsewhere afterwards: what nextval gives out is not taken
 * back by a rollback (https://www.postgresql.org/docs/current/functions-sequence.html). The application may have moved
 * them in the meantime, too.
 */
export async function movedSequences(
  plan: Plan,
  sessionOf: (member: string) => Session,
  work: () => Promise<Rehearsal>,
): Promise<{ readonly rehearsal: Rehearsal; readonly moved: readonly MovedSequence[] }> {
  const before = await readAll(plan, sessionOf);
  const rehearsal = await work();
  // What the rehearsal came to is told, whatever was lost since.
  const after = await readAll(plan, sessionOf).catch(() => before);
  const moved = [...after].flatMap(([member, sequences]) => {
    const was = new Map((before.get(member) ?? []).map((one) => [nameKey(one), one.last]));
    return sequences
      .filter((one) => was.has(nameKey(one)) && was.get(nameKey(one)) !== one.last)
      .map((one) => ({ member, sequence: display(one) }));
  });
  return { rehearsal, moved };
}

async function readAll(
  { shards }: Plan,
  sessionOf: (member: string) => Session,
): Promise<ReadonlyMap<string, readonly SequenceState[]>> {
  const busy = shards.filter(({ steps }) => steps.length > 0);
  const lists = await Promise.all(
    busy.map(async ({ shard, steps }) => {
      const schemas = steps.flatMap(({ tenants }) => tenants.map(({ schema }) => schema));
      const list = await readSequences(sessionOf(shard.name), [...new Set([...schemas, 'public'])]);
      return [shard.name, list] as const;
    }),
  );
  return new Map(lists);
}
