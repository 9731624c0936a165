import { expect, test } from '@jest/globals';
import { markOf, markStatement } from '../../../src/protocol/tenants/database-mark.js';

test.each(['made', 'dropped'] as const)(
  'a database that is %s says so in its comment, by run and fleet',
  (kind) => {
    const mark = { kind, run: 'mbq1x0zk-4fd7a2e1', fleet: 'book.store-1' };
    const statement = markStatement({ database: `O"Brien` }, mark);
    const [, name, text] = /^COMMENT ON DATABASE (".*") IS '(.*)'$/.exec(statement) ?? [];
    expect(name).toBe('"O""Brien"');
    expect(markOf(text ?? null)).toEqual(mark);
  },
);

test.each([null, '', 'made', 'pg-veneer: made: run a of fleet b', 'the books of hooli'])(
  'another comment (%s) is no mark',
  (comment) => {
    expect(markOf(comment)).toBeNull();
  },
);

test('a mark is taken away with the comment', () => {
  expect(markStatement({ database: 'hooli' }, null)).toBe('COMMENT ON DATABASE "hooli" IS NULL');
});
