import { EXIT, problemOf, type Problem } from '../../errors.js';

/** Facts by name; a member that cannot be read gets a problem, and the others are read all the same. */
export async function readAll<M extends { readonly name: string }, F>(
  members: readonly M[],
  problems: Map<string, Problem>,
  read: (member: M) => Promise<F>,
): Promise<ReadonlyMap<string, F>> {
  const facts = new Map<string, F>();
  await Promise.all(
    members.map(async (member) => {
      try {
        facts.set(member.name, await read(member));
      } catch (error) {
        const problem = problemOf(error);
        const unread = {
          ...problem,
          exitCode: EXIT.unreachable,
          where: { member: member.name, ...problem.where },
        };
        if (!problems.has(member.name)) problems.set(member.name, unread);
      }
    }),
  );
  return facts;
}
