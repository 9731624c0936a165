import { expect, test } from '@jest/globals';
import { readUrl } from '../../../src/config/text/url.js';
import { withoutUrls } from '../../../src/render/blocks/mask.js';

test.each(['localhost:29948/bookstore', 'no url', 'postgres://user@host', 'postgres:///database'])(
  'what is said about the url %s is whole',
  (url) => {
    const said = readUrl(url);
    if (typeof said !== 'string') throw new Error('it is taken for a url');
    expect(said).toMatch(/postgres:\/\/user:password@host:5432\/database/i);
    expect(withoutUrls(said)).toBe(said);
  },
);

test.each([
  ['postgres://ann:hush@db:5432/shop', 'postgres://***'],
  ['at PostgreSQL://ann:hush@db/shop, and on', 'at PostgreSQL://*** and on'],
  ['postgres://user:hush@host:5432/database', 'postgres://***'],
  ['postgres://user:password@host:5432/database?sslpassword=hush', 'postgres://***'],
  ['postgres://user:password@host:5432/database,hush', 'postgres://***'],
  ['postgres://user:password@host:5432/database@db:hush', 'postgres://***'],
])('a url that may hold a secret is masked: %s', (text, masked) => {
  expect(withoutUrls(text)).toBe(masked);
});
