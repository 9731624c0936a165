import { expect, test } from '@jest/globals';
import { clockCheck } from '../../../src/commands/doctor/check-clock.js';
import { leftCheck } from '../../../src/commands/doctor/check-left.js';
import { mappingChecks } from '../../../src/commands/doctor/check-mappings.js';
import { nodeCheck } from '../../../src/commands/doctor/check-node.js';
import { versionCheck } from '../../../src/commands/doctor/check-version.js';
import type { MappingStatus } from '../../../src/report/drift/drift-of-servers.js';
import { supportedNode } from '../../../src/version.js';

test.each([
  ['v20.20.2', 'ok'],
  ['v20.19.0', 'ok'],
  ['v20.18.3', 'warning'],
  ['v21.7.0', 'warning'],
  ['v22.13.0', 'ok'],
  ['v22.12.9', 'warning'],
  ['v23.5.0', 'warning'],
  ['v24.0.0', 'ok'],
  ['v26.1.0', 'ok'],
  ['v18.20.0', 'warning'],
])('Node %s is %s', (version, outcome) => {
  expect(nodeCheck(version, supportedNode())).toMatchObject({ check: 'Node', outcome });
});

const shard = (member: string, version: number) => ({ member, version });

test.each([
  [120_022, [], 'failed', 'PostgreSQL 12.22, and 13 is the oldest'],
  [130_000, [], 'ok', 'PostgreSQL 13.0'],
  [180_004, [180_001], 'ok', 'PostgreSQL 18.4'],
  [180_001, [180_004], 'ok', 'PostgreSQL 18.1'],
  [150_008, [160_001, 170_002, 150_009], 'warning', 'PostgreSQL 15.8, and s2 has 17.2: what is new'],
  [190_000, [180_000], 'warning', 'PostgreSQL 19.0, and pg-veneer is tested up to 18'],
])('a member of version %i that shows %j is %s', (version, shown, outcome, found) => {
  const shards = shown.map((one, index) => shard(`s${index + 1}`, one));
  expect(versionCheck(shard('veneer', version), shards)).toMatchObject({
    outcome,
    found: expect.stringContaining(found),
  });
});

test.each([
  [0, 10, 'ok', 'as on this machine'],
  [5_900, 2_000, 'ok', 'as on this machine'],
  [6_100, 2_000, 'warning', '6 s ahead of this machine'],
  [-90_000, 20, 'warning', '90 s behind this machine'],
])('a clock that is %i ms ahead, asked in %i ms, is %s', (aheadMs, tookMs, outcome, found) => {
  expect(clockCheck({ aheadMs, tookMs })).toMatchObject({ outcome, found: expect.stringContaining(found) });
});

const prepared = (age: number) => ({ gid: 'xa-1', owner: 'bank', age });

test.each([
  [[], 'ok', 'nothing'],
  [[prepared(599)], 'ok', '1 of others'],
  [[prepared(7_260), prepared(1)], 'warning', '2 of others, since 121 min (xa-1, by bank): its locks stay'],
])('what others have prepared: %j', (others, outcome, found) => {
  expect(leftCheck({ ours: [], others, isAtWork: false })).toMatchObject({
    outcome,
    found: expect.stringContaining(found),
  });
});

const mapping = (rest: Partial<MappingStatus>) => ({
  mapping: {
    veneer: 'veneer',
    shard: 'shard1',
    role: 'app',
    definition: 'same',
    works: 'yes',
    why: null,
    ...rest,
  } as const,
  server: 'shard1_server',
});

test('user mappings: those that fail each by itself, those that were not tried counted with why', () => {
  expect(mappingChecks([])).toEqual([]);
  expect(mappingChecks([mapping({}), mapping({ role: 'admin' })])).toMatchObject([
    { outcome: 'ok', found: '2 work' },
  ]);
  const some = mappingChecks([
    mapping({}),
    mapping({ works: 'no', why: 'refused', definition: 'not readable' }),
    mapping({ works: 'not probed', why: 'nothing of the shard is shown' }),
    mapping({ works: 'not probed', why: 'nothing of the shard is shown' }),
    mapping({ works: 'not probed', why: 'whatever', definition: 'missing' }),
  ]);
  expect(some).toEqual([
    {
      check: 'user mappings',
      outcome: 'failed',
      found: 'user mapping for app on shard1_server: a read by it fails: refused',
      cure: 'migrate setup',
    },
    {
      check: 'user mappings',
      outcome: 'not asked',
      found: '3 of 5 were not tried: nothing of the shard is shown; not made yet',
      cure: null,
    },
  ]);
});
