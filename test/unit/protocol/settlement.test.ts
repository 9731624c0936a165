import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decide,
  decideLockStep,
  type Finding,
  type LockStepFinding,
} from '../../../src/protocol/settlement/settlement.js';

const LETTERS: Readonly<Record<string, Finding['state']>> = {
  p: 'prepared',
  c: 'committed',
  a: 'absent',
  u: 'unreachable',
};

/** `pc-`: the first participant is prepared, the second committed, nothing is known of the third. */
function findings(text: string): Finding[] {
  return text.split('').flatMap((letter, index): Finding[] => {
    const state = LETTERS[letter];
    const member = `m${index + 1}`;
    if (state === undefined) return [];
    return [state === 'unreachable' ? { state, member, why: 'it is down' } : { state, member }];
  });
}

const decided = (text: string, intent: boolean): string => {
  const decision = decide(text.length, findings(text), { intentKnown: intent });
  if (decision.kind !== 'commit') return decision.kind;
  const lists = [decision.lost, decision.waiting].map((list) => list.join(' '));
  return ['commit', lists[0] && `lost ${lists[0]}`, lists[1] && `waiting ${lists[1]}`]
    .filter(Boolean)
    .join(', ');
};

test.each([
  // found, with an intent, without one
  ['pp', 'commit', 'commit'],
  ['ppp', 'commit', 'commit'],
  ['cp', 'commit', 'commit'],
  ['pc', 'commit', 'commit'],
  ['cc', 'commit', 'commit'],
  ['ccp', 'commit', 'commit'],
  ['cpp', 'commit', 'commit'],
  ['ca', 'commit, lost m2', 'commit, lost m2'],
  ['cpa', 'commit, lost m3', 'commit, lost m3'],
  ['cu', 'commit, waiting m2', 'commit, waiting m2'],
  ['cpu', 'commit, waiting m3', 'commit, waiting m3'],
  ['cau', 'commit, lost m2, waiting m3', 'commit, lost m2, waiting m3'],
  ['pa', 'roll back', 'leave'],
  ['ap', 'roll back', 'leave'],
  ['aa', 'roll back', 'leave'],
  ['ppa', 'roll back', 'leave'],
  ['aap', 'roll back', 'leave'],
  ['pu', 'leave', 'leave'],
  ['au', 'leave', 'leave'],
  ['uu', 'leave', 'leave'],
  ['ppu', 'leave', 'leave'],
  ['pau', 'leave', 'leave'],
  ['p-', 'leave', 'leave'],
  ['pp-', 'leave', 'leave'],
  ['c-', 'commit', 'commit'],
])('%s: with an intent %s, without one %s', (text, withIntent, without) => {
  expect([decided(text, true), decided(text, false)]).toEqual([withIntent, without]);
});

test('what is left says which members are missing, and why', () => {
  expect(decide(3, findings('pua'), { intentKnown: true })).toEqual({
    kind: 'leave',
    why: 'm2 (it is down) cannot be read, and may have committed',
  });
  expect(decide(3, findings('pp-'), { intentKnown: false })).toEqual({
    kind: 'leave',
    why: '2 of 3 participants are known, and no intent names the others',
  });
});

test('what another user prepared is settled nowhere, and decides as any other does', () => {
  const barred = (text: string, members: readonly number[]): Finding[] =>
    findings(text).map((finding, index) =>
      finding.state === 'prepared' && members.includes(index)
        ? { ...finding, barred: { owner: `owner${index + 1}`, user: 'other' } }
        : finding,
    );
  expect(decide(3, barred('cpp', [1, 2]), { intentKnown: true })).toEqual({
    kind: 'leave',
    why: 'to be committed, but m2 was prepared by owner2, and we are other there; m3 was prepared by owner3, and we are other there; so nothing is settled anywhere',
    hint: 'be owner2 on m2 and owner3 on m3 again, by url or role in shards.yaml, or a superuser there; then migrate recover',
  });
  expect(decide(2, barred('pp', [0]), { intentKnown: true })).toMatchObject({
    kind: 'leave',
    why: expect.stringMatching(/^to be committed/),
  });
  expect(decide(2, barred('pa', [0]), { intentKnown: true })).toMatchObject({
    kind: 'leave',
    why: expect.stringMatching(/^to be rolled back/),
  });
  expect(decide(2, barred('pu', [0]), { intentKnown: true })).toEqual(
    decide(2, findings('pu'), { intentKnown: true }),
  );
});

const states = fc
  .array(fc.constantFrom('p', 'c', 'a', 'u'), { minLength: 2, maxLength: 4 })
  .map((list) => list.join(''));

test('nobody rolls back what another commits: a participant that comes back changes no decision', () => {
  fc.assert(
    fc.property(
      states,
      fc.array(fc.constantFrom('p', 'c', 'a'), { minLength: 4, maxLength: 4 }),
      fc.boolean(),
      (seen, real, intent) => {
        const later = seen
          .split('')
          .map((state, index) => (state === 'u' ? (real[index] ?? 'a') : state))
          .join('');
        const kinds = [
          decide(seen.length, findings(seen), { intentKnown: intent }).kind,
          decide(later.length, findings(later), { intentKnown: intent }).kind,
        ];
        expect(kinds).not.toEqual(['commit', 'roll back']);
        expect(kinds).not.toEqual(['roll back', 'commit']);
      },
    ),
  );
});

const GIVING_UP = { intentKnown: true, givesUp: true };

test.each([
  ['pu', 'roll back'],
  ['au', 'roll back'],
  ['uu', 'leave'],
  ['ppu', 'roll back'],
  ['pp', 'commit'],
  ['cu', 'commit'],
  ['cpu', 'commit'],
])('%s, given up by who began it: %s', (text, kind) => {
  expect(decide(text.length, findings(text), GIVING_UP).kind).toBe(kind);
});

test('what is given up says who is rolled back later', () => {
  expect(decide(2, findings('pu'), GIVING_UP)).toEqual({
    kind: 'roll back',
    unread:
      'rolled back, but m2 (it is down) cannot be read, and may have prepared its part, which is rolled back as well then',
  });
});

test('what was given up is committed by nobody, whatever those who could not be read had prepared', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('p', 'a', 'u'), { minLength: 2, maxLength: 4 }),
      fc.array(fc.constantFrom('p', 'a', 'u'), { minLength: 4, maxLength: 4 }),
      // How many of those to be rolled back were, before the runner died.
      fc.nat(4),
      (seen, real, done) => {
        fc.pre(seen.includes('u') && seen.includes('p'));
        expect(decide(seen.length, findings(seen.join('')), GIVING_UP).kind).toBe('roll back');
        let left = Math.max(1, done);
        const later = seen.map((state, index) =>
          state === 'u' ? (real[index] ?? 'a') : state === 'p' && left-- > 0 ? 'a' : state,
        );
        const after = decide(later.length, findings(later.join('')), { intentKnown: true });
        expect(after.kind).not.toBe('commit');
      },
    ),
  );
});

const STATES: Readonly<Record<string, LockStepFinding['state']>> = {
  c: 'committed',
  f: 'followed',
  a: 'absent',
  u: 'unreachable',
};

/** `s1:c v:a`: by participant its role (s, v, or m of a mesh) and what was found. */
const inLockStep = (text: string): LockStepFinding[] =>
  text.split(' ').map((part): LockStepFinding => {
    const [member = '', letter = ''] = part.split(':');
    const role = member.startsWith('s') ? 'shard' : member.startsWith('m') ? 'shard+veneer' : 'veneer';
    return {
      member,
      role,
      state: STATES[letter] ?? 'absent',
      ...(letter === 'u' ? { why: 'it is down' } : {}),
    };
  });

/** Empty lists left out. */
function decidedInLockStep(text: string): string {
  const decision = decideLockStep(inLockStep(text));
  if (decision.kind !== 'finish') return decision.kind;
  const { kind, ...lists } = decision;
  const told = Object.entries(lists).flatMap(([name, members]) =>
    members.length === 0 ? [] : [`${name} ${members.join(' ')}`],
  );
  return [kind, ...told].join(', ');
}

test.each([
  ['s1:a v:a', 'roll back'],
  ['s1:a v:u', 'leave'],
  ['s1:u v:a', 'leave'],
  ['s1:c v:c', 'finish, committed s1'],
  ['s1:c v:a', 'finish, replay v, committed s1'],
  ['s1:c v:f', 'finish, committed s1'],
  ['s1:c v1:a v2:u', 'finish, replay v1, committed s1, waiting v2'],
  // The shard's server was replaced by one that did not get its last commits.
  ['s1:a v:c', 'finish, committed s1, lost s1'],
  ['s1:u v:c', 'finish, committed s1, waiting s1'],
  ['s1:u v1:c v2:a', 'finish, replay v2, committed s1, waiting s1'],
  // Of several shards some committed: what follows the others is not for anybody.
  ['s1:c s2:a v:a', 'finish, replay v, committed s1, behind s2'],
  ['s1:c s2:a v:f', 'finish, committed s1, behind s2'],
  // What a veneer is to follow must be known first: it follows once.
  ['s1:c s2:u v:a', 'finish, committed s1, waiting s2'],
  ['s1:c s2:c v1:c v2:a', 'finish, replay v2, committed s1 s2'],
  // A mesh: a member that did not commit follows those that did.
  ['m1:c m2:a m3:a', 'finish, replay m2 m3, committed m1, behind m2 m3'],
  ['m1:c m2:f m3:a', 'finish, replay m3, committed m1, behind m2 m3'],
  ['m1:c m2:f m3:f', 'finish, committed m1, behind m2 m3'],
  ['m1:c m2:u m3:a', 'finish, committed m1, behind m3, waiting m2'],
  // A migration of the veneers: each is done again where it is missing.
  ['v1:c v2:a', 'finish, replay v2'],
])('lock-step, %s: %s', (text, decision) => {
  expect(decidedInLockStep(text)).toBe(decision);
});

test('in lock-step a member that follows or comes back makes no shard commit that had not', () => {
  const members = ['s1', 's2', 'm1', 'm2', 'v'];
  const found = fc.array(fc.constantFrom('c', 'f', 'a', 'u'), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(found, (letters) => {
      const text = members.map((member, at) => `${member}:${letters[at]}`).join(' ');
      const decision = decideLockStep(inLockStep(text));
      if (decision.kind !== 'finish') return;
      const committed = members.filter((_, at) => letters[at] === 'c');
      const isProved = committed.includes('v');
      for (const member of decision.committed) expect(isProved || committed.includes(member)).toBe(true);
      for (const member of decision.replay) expect(letters[members.indexOf(member)]).toBe('a');
    }),
  );
});
