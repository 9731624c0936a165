import { expect, test } from '@jest/globals';
import { readInitScript } from '../../../examples/frame/init-script.js';

const environment = { MEMBER: 'USA', ADMIN_PASSWORD_USA: "it's", NAME: 'a "b"' };

test('an init script is read as psql would run it, database by database', () => {
  const script = `-- Why.
\\set ON_ERROR_STOP on
\\getenv member MEMBER
\\set variable ADMIN_PASSWORD_ :member
\\getenv password :variable
\\getenv name NAME

CREATE ROLE :"name" LOGIN
  PASSWORD :'password';
CREATE DATABASE one;

\\connect one
SELECT 'a'::text;
`;
  expect(readInitScript(script, environment)).toEqual([
    {
      database: 'postgres',
      statements: [`CREATE ROLE "a ""b""" LOGIN\n  PASSWORD 'it''s';`, 'CREATE DATABASE one;'],
    },
    { database: 'one', statements: ["SELECT 'a'::text;"] },
  ]);
});

test.each([
  ['a variable that the environment lacks', '\\getenv password NONE', /has no NONE/],
  ['a variable that the script lacks', "SELECT :'none';", /no variable none/],
  ['a command that it does not know', '\\copy t FROM f', /\\copy is not known/],
  ['a statement without an end', 'SELECT 1', /no end/],
  ['a command inside of a statement', 'SELECT 1\n\\connect one', /no end before/],
])('it refuses %s', (_what, script, message) => {
  expect(() => readInitScript(script, environment)).toThrow(message);
});
