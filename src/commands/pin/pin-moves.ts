import type { PinnedMigration, PinnedState, PinnedSubject } from './pin.js';

/** What is not as it was when a plan was rehearsed, a sentence for each; none: the plan may be carried out. Pure. */
export const movesSince = (then: PinnedState, now: PinnedState): readonly string[] => [
  ...migrationMoves(then.migrations, now.migrations),
  ...compared(then.members, now.members, ({ member }) => member, {
    added: ({ member }) => `${member} was added to the fleet`,
    gone: ({ member }) => `${member} is not in the fleet any more`,
    changed: (was, is) =>
      was.role === is.role
        ? [`another server or database answers as ${is.member}`]
        : [`${is.member} is ${is.role} now, and was ${was.role}`],
  }),
  ...compared(then.subjects, now.subjects, subjectKey, {
    added: (one) => `${nameOf(one)} was added`,
    gone: (one) => `${nameOf(one)} is not there any more`,
    changed: (was, is) => [
      ...(was.ledger === is.ledger ? [] : [`the ledger of ${nameOf(is)} has moved`]),
      ...(was.shape === is.shape ? [] : [`what is in the ${schemasOf(is)} of ${nameOf(is)} was changed`]),
    ],
  }),
  ...compared(then.shown, now.shown, ({ veneer, shard }) => JSON.stringify([veneer, shard]), {
    added: ({ veneer, shard }) => `${veneer} shows ${shard} now`,
    gone: ({ veneer, shard }) => `${veneer} does not show ${shard} any more`,
    changed: (_, { veneer, shard }) => [`the foreign tables of ${veneer} that show ${shard} were changed`],
  }),
];

function migrationMoves(
  then: readonly PinnedMigration[],
  now: readonly PinnedMigration[],
): readonly string[] {
  const moves = compared(then, now, ({ migration }) => migration, {
    added: ({ file }) => `${file} is pending, and was not`,
    gone: ({ file }) => `${file} is not pending any more, or its file is missing`,
    changed: (was, is) =>
      was.checksum === is.checksum
        ? [`${is.file} is built otherwise than it was`]
        : [`${is.file} was edited`],
  });
  const inOrder = then.every(({ migration }, at) => now[at]?.migration === migration);
  return moves.length > 0 || inOrder ? moves : ['the migrations stand in another order'];
}

const subjectKey = ({ scope, name, member }: PinnedSubject): string => JSON.stringify([scope, name, member]);

const nameOf = ({ scope, name, member }: PinnedSubject): string =>
  scope === 'tenant' ? `tenant ${name} on ${member}` : `${scope} ${name}`;

const schemasOf = ({ scope }: PinnedSubject): string => (scope === 'tenant' ? 'schema' : 'shared schemas');

interface Sentences<T> {
  readonly added: (is: T) => string;
  readonly gone: (was: T) => string;
  readonly changed: (was: T, is: T) => readonly string[];
}

function compared<T>(
  then: readonly T[],
  now: readonly T[],
  keyOf: (one: T) => string,
  { added, gone, changed }: Sentences<T>,
): string[] {
  const [before, after] = [then, now].map((list) => new Map(list.map((one) => [keyOf(one), one] as const)));
  return [
    ...then.flatMap((was) => {
      const is = after?.get(keyOf(was));
      if (is === undefined) return [gone(was)];
      return JSON.stringify(was) === JSON.stringify(is) ? [] : changed(was, is);
    }),
    ...now.filter((one) => before?.has(keyOf(one)) === false).map(added),
  ];
}
