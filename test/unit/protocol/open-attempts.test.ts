import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import type { Gid } from '../../../src/protocol/run/gid.js';
import { openAttempts } from '../../../src/protocol/settlement/recovery.js';
import type { KeptIntent, Trace } from '../../../src/protocol/settlement/traces.js';
import { Secret } from '../../../src/secret.js';

const config = {
  veneers: [{ name: 'veneer', url: new Secret('postgres://x') }],
  leftOut: [],
  shards: [],
  unlisted: [],
} as unknown as Config;

const id = { fleet: 'f', step: 's.1', nonce: 'ab' };

const trace = (member: string, kind: Trace['kind'], participant: number, more: Partial<Gid> = {}): Trace => ({
  member,
  kind,
  gid: { ...id, participant, n: 2, ...more },
});

const intent = (...members: readonly string[]): KeptIntent => ({
  journal: 'veneer',
  ...id,
  migration: '0001',
  protocol: 'two-phase',
  participants: members.map((member) => ({
    member,
    role: member === 'veneer' ? 'veneer' : 'shard',
    systemIdentifier: '7',
    databaseOid: '5',
    xid: '1',
    user: 'u',
    statements: [],
  })),
});

const shown = (intents: readonly KeptIntent[], found: readonly Trace[]): unknown[][] =>
  openAttempts(config, { intents, found }).map(({ n, intent: known, participants }) => [
    known !== null,
    n,
    ...participants.map(
      ({ index, member, role, identity }) => `${index} ${member} ${role} ${identity?.systemIdentifier}`,
    ),
  ]);

test('an intent names all participants, whatever was found of them', () => {
  expect(shown([intent('shard1', 'veneer')], [trace('shard1', 'prepared', 1)])).toEqual([
    [true, 2, '1 shard1 shard 7', '2 veneer veneer 7'],
  ]);
  expect(shown([intent('shard1', 'veneer')], [])).toHaveLength(1);
});

test('without an intent the participants are those that left something, their number is the gid’s', () => {
  expect(shown([], [trace('veneer', 'prepared', 2), trace('shard1', 'evidence', 1)])).toEqual([
    [false, 2, '2 veneer veneer undefined', '1 shard1 shard undefined'],
  ]);
});

test('evidence alone is no open attempt', () => {
  expect(shown([], [trace('shard1', 'evidence', 1), trace('veneer', 'evidence', 2)])).toEqual([]);
});

test('attempts of one step are told apart', () => {
  const found = [trace('shard1', 'prepared', 1), trace('shard1', 'prepared', 1, { nonce: 'cd' })];
  expect(shown([], found)).toHaveLength(2);
  const withIntent = shown([intent('shard1', 'veneer')], found);
  expect(withIntent.map(([known]) => known)).toEqual([true, false]);
});
