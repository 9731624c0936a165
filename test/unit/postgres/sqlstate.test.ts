import { expect, test } from '@jest/globals';
import { VeneerError } from '../../../src/errors.js';
import { memberError } from '../../../src/postgres/member-error.js';
import {
  isCatalogCollision,
  isConnectionLost,
  isLockConflict,
  sqlstateOf,
} from '../../../src/postgres/sqlstate.js';
import { Secret } from '../../../src/secret.js';

const raised = (code: string, more: object = {}): Error =>
  Object.assign(new Error('said'), { code, ...more });

test('the SQLSTATE is read from what pg throws and from our own errors, and not from errors of Node', () => {
  expect(sqlstateOf(raised('42P01'))).toBe('42P01');
  expect(sqlstateOf(new VeneerError('x', { exitCode: 20, sqlstate: '55P03' }))).toBe('55P03');
  expect(sqlstateOf(memberError('m', raised('23505')))).toBe('23505');
  expect(['ECONNREFUSED', 'EPIPE', 'E', ''].map((code) => sqlstateOf(raised(code)))).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(sqlstateOf(undefined)).toBeNull();
});

test.each([
  ['55P03', true],
  ['40P01', true],
  ['23505', false],
  ['57014', false],
])('%s is a lock conflict: %s', (code, expected) => {
  expect(isLockConflict(raised(code))).toBe(expected);
});

test('two transactions that meet in the catalogs collide; a unique key of a user is no collision', () => {
  expect(isCatalogCollision(raised('23505', { constraint: 'pg_namespace_nspname_index' }))).toBe(true);
  expect(isCatalogCollision(raised('23505', { constraint: 'books_pkey' }))).toBe(false);
  expect(
    isCatalogCollision(memberError('m', raised('23505', { constraint: 'pg_type_typname_nsp_index' }))),
  ).toBe(true);
  expect(isCatalogCollision(Object.assign(new Error('tuple concurrently updated'), { code: 'XX000' }))).toBe(
    true,
  );
  expect(isCatalogCollision(raised('XX000'))).toBe(false);
});

test.each(['57P01', '57P03', '08006', 'ECONNRESET', 'EPIPE', '25P03'])(
  '%s means that the session is gone',
  (code) => {
    expect(isConnectionLost(raised(code))).toBe(true);
  },
);

test.each(['42P01', '57014', '25P02'])('%s does not', (code) => {
  expect(isConnectionLost(raised(code))).toBe(false);
});

test('an error of connecting names the address and never the password', () => {
  const url = new Secret('postgres://ann:hush@db.example:5433/books');
  const error = memberError('shard1', raised('ECONNREFUSED'), { connecting: true, url });
  expect(error.message).toBe('shard1 at db.example:5433/books cannot be reached: said');
  expect(error.facts).toMatchObject({ exitCode: 23, hint: 'is the server running, and the port right?' });
  expect(memberError('shard1', raised('28P01'), { connecting: true, url }).facts.hint).toContain('password');
});

test('an error of a statement keeps what PostgreSQL added, and passes ours through', () => {
  const error = memberError('shard1', raised('42601', { detail: 'd', hint: 'h', position: '7' }), {
    completed: 2,
  });
  expect(error).toMatchObject({ position: 7, completed: 2, connectionLost: false });
  expect(error.facts).toMatchObject({
    exitCode: 20,
    detail: 'd',
    hint: 'h',
    sqlstate: '42601',
    where: { member: 'shard1' },
  });
  expect(memberError('other', error)).toBe(error);
});
