import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { secretMask } from '../../../src/protocol/run/mask-secrets.js';
import { Secret } from '../../../src/secret.js';

const config = {
  veneers: [{ name: 'veneer', url: new Secret('postgres://admin:p%40ssw0rd@host/db') }],
  shards: [
    {
      name: 'shard1',
      url: new Secret('postgres://admin:short@host/db'),
      userMappings: [
        { role: 'app', user: 'app', password: new Secret('mapped-secret') },
        { role: 'ro', user: 'ro', password: null },
      ],
    },
  ],
  tenantQuery: { query: 'SELECT', url: new Secret('postgres://asker:control-secret@host/db') },
} as unknown as Config;

const mask = secretMask(config);

test.each([
  ['it was control-secret', 'it was ***'],
  ["ALTER ROLE a PASSWORD 'x'", "ALTER ROLE a PASSWORD '***'"],
  [
    "alter role a with encrypted password 'it''s'; SELECT 1",
    "alter role a with encrypted password '***'; SELECT 1",
  ],
  ["CREATE ROLE a PASSWORD E'x\\'y' LOGIN", "CREATE ROLE a PASSWORD '***' LOGIN"],
  ['CREATE ROLE a PASSWORD $q$x$q$ LOGIN', "CREATE ROLE a PASSWORD '***' LOGIN"],
  [`OPTIONS (SET "user" 'u', SET "password" 'x')`, `OPTIONS (SET "user" 'u', SET "password" '***')`],
  [`OPTIONS (user 'u', password 'x')`, `OPTIONS (user 'u', password '***')`],
  ["SET app.api_key = 'x'", "SET app.api_key = '***'"],
  ["SET app.token TO 'x'", "SET app.token TO '***'"],
  [`'{"client_secret":"x\\"y", "a": "b"}'`, `'{"client_secret":"***", "a": "b"}'`],
  ["CONNECTION 'host=h password=geheim dbname=d'", "CONNECTION 'host=h password=*** dbname=d'"],
  ["dblink('postgres://u:p@h/d?x=y', 'SELECT 1')", "dblink('postgres://***', 'SELECT 1')"],
  ["statement: ALTER ROLE a PASSWORD 'cut bef", "statement: ALTER ROLE a PASSWORD '***'"],
  [
    'CREATE TABLE passwords (password text, token uuid)',
    'CREATE TABLE passwords (password text, token uuid)',
  ],
])('%s is kept as %s', (text, kept) => {
  expect(mask(text)).toBe(kept);
});

test("the fleet's own passwords are masked wherever they stand, as they are and as a url has them", () => {
  expect(mask("SELECT 'p@ssw0rd', 'p%40ssw0rd', 'xmapped-secretx'")).toBe("SELECT '***', '***', 'x***x'");
});

test('a password so short that it is in every other word is masked only where it says so', () => {
  expect(mask('in short')).toBe('in short');
});
