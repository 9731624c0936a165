import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, decideLockStep, type Finding } from '../../../src/protocol/settlement/settlement.js';

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
  const decision = decide(text.length, findings(text), intent);
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
  expect(decide(3, findings('pua'), true)).toEqual({
    kind: 'leave',
    why: 'm2 (it is down) cannot be read, and may have committed',
  });
  expect(decide(3, findings('pp-'), false)).toEqual({
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
  expect(decide(3, barred('cpp', [1, 2]), true)).toEqual({
    kind: 'leave',
    why: 'to be committed, but m2 was prepared by owner2, and we are other there; m3 was prepared by owner3, and we are other there; so nothing is settled anywhere',
    hint: 'be owner2 on m2 and owner3 on m3 again, by url or role in shards.yaml, or a superuser there; then migrate recover',
  });
  expect(decide(2, barred('pp', [0]), true)).toMatchObject({
    kind: 'leave',
    why: expect.stringMatching(/^to be committed/),
  });
  expect(decide(2, barred('pa', [0]), true)).toMatchObject({
    kind: 'leave',
    why: expect.stringMatching(/^to be rolled back/),
  });
  expect(decide(2, barred('pu', [0]), true)).toEqual(decide(2, findings('pu'), true));
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
          decide(seen.length, findings(seen), intent).kind,
          decide(later.length, findings(later), intent).kind,
        ];
        expect(kinds).not.toEqual(['commit', 'roll back']);
        expect(kinds).not.toEqual(['roll back', 'commit']);
      },
    ),
  );
});

test.each([
  ['ca', 'finish'],
  ['cc', 'finish'],
  ['ac', 'finish'],
  ['cu', 'finish'],
  ['aa', 'roll back'],
  ['au', 'leave'],
  ['ua', 'leave'],
])('lock-step, shard and veneer %s: %s', (text, kind) => {
  expect(decideLockStep(findings(text), new Set(['m2'])).kind).toBe(kind);
});

test('in lock-step a veneer that did not follow is replayed, a shard that did not is lost', () => {
  expect(decideLockStep(findings('caau'), new Set(['m3', 'm4']))).toEqual({
    kind: 'finish',
    replay: ['m3'],
    lost: ['m2'],
    waiting: ['m4'],
  });
});
