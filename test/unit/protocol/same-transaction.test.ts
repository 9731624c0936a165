import { expect, test } from '@jest/globals';
import { refuseOtherTransaction } from '../../../src/protocol/shard/same-transaction.js';

test('a migration that ended its transaction is refused, naming the member', () => {
  try {
    refuseOtherTransaction('shard1', '7', '8');
    throw new Error('it was let through');
  } catch (error) {
    expect(error).toMatchObject({
      message: expect.stringContaining('ended the transaction'),
      facts: { exitCode: 21, where: { member: 'shard1' } },
    });
  }
});

test('one that did not is not', () => {
  expect(() => refuseOtherTransaction('shard1', '7', '7')).not.toThrow();
});
