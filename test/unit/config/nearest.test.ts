import { expect, test } from '@jest/globals';
import { nearest } from '../../../src/config/text/nearest.js';

const KNOWN = ['tenant', 'tenants', 'server', 'servers', 'url', 'lock_wait', 'lock_hold'];

test.each([
  ['tennants', 'tenants'],
  ['Tenants', 'tenants'],
  ['srver', 'server'],
  ['ulr', null],
  ['uri', 'url'],
  ['lock_wiat', 'lock_wait'],
  ['lockhold', 'lock_hold'],
  ['colour', null],
  ['', null],
])('%j most likely means %j', (name, expected) => {
  expect(nearest(name, KNOWN)).toBe(expected);
});
