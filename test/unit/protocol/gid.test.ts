import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attemptKey, formatGid, parseGid, type Gid } from '../../../src/protocol/run/gid.js';

const one: Gid = { fleet: 'bookstore', step: 'm1x2-ab12.3', nonce: 'c0ffee', participant: 1, n: 2 };

test('a gid says fleet, step, attempt and place', () => {
  expect(formatGid(one)).toBe('pgv:bookstore:m1x2-ab12.3:c0ffee:1/2');
});

const gids = fc
  .record({
    fleet: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    step: fc.stringMatching(/^[0-9a-z][0-9a-z.-]{0,20}$/),
    nonce: fc.stringMatching(/^[0-9a-f]{1,8}$/),
    n: fc.integer({ min: 1, max: 500 }),
    participant: fc.integer({ min: 1, max: 500 }),
  })
  .map((gid) => ({ ...gid, participant: Math.min(gid.participant, gid.n) }))
  .filter((gid) => encodeURIComponent(gid.fleet).length < 120);

test('what is written is read back, whatever the fleet is called', () => {
  fc.assert(fc.property(gids, (gid) => expect(parseGid(formatGid(gid))).toEqual(gid)));
});

test('two attempts share neither gid nor key', () => {
  fc.assert(
    fc.property(gids, gids, (a, b) => {
      fc.pre(attemptKey(a) !== attemptKey(b));
      expect(formatGid(a)).not.toBe(formatGid(b));
    }),
  );
});

test.each([
  'pgv:bookstore:s.1:ab:3/2',
  'pgv:bookstore:s.1:ab:0/2',
  'pgv:bookstore:s.1:ab:01/2',
  'pgv:bookstore:s.1:XY:1/2',
  'pgv:book%store:s.1:ab:1/2',
  'pgv:book%2Cstore%41:s.1:ab:1/2',
  'pgv:bookstore:s.1:ab:1/2 ',
  'PGV:bookstore:s.1:ab:1/2',
  'pgv:bookstore:s.1:1/2',
  'citus_0_1_2_3',
  '',
])('%j is not ours', (gid) => {
  expect(parseGid(gid)).toBeNull();
});

test('a gid that PostgreSQL would refuse is never made', () => {
  expect(() => formatGid({ ...one, fleet: 'é'.repeat(40) })).toThrow(RangeError);
});
