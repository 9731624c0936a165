import { expect, test } from '@jest/globals';
import { reportText } from '../../../src/render/report-text.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import { drift, statusReport, tenant } from './samples.js';

const text = (report: ReturnType<typeof statusReport>): string => reportText(report, PLAIN);

test('a fleet where all is well', () => {
  expect(text(statusReport()))
    .toBe(`fleet bookstore: 1 veneer, 1 shard, 1 tenant, 2 migrations, PostgreSQL 17.2

shard   tenant  applied  pending  last            drift
shard1  acme          2        -  20260102_books      -

nothing pending, no drift, nothing in doubt
`);
});

test('pending, drift, in doubt, unreachable and not set up are each told, with what to do', () => {
  const problem = { message: 'connection refused', exitCode: 23, where: { member: 'shard3' } } as const;
  const member = { role: 'shard', reachable: true, setUp: true, version: '16.1', problem: null } as const;
  const away = tenant('initech', { applied: null, last: null });
  const report = statusReport({
    exitCode: 23,
    next: 'migrate recover',
    notices: ['to read'],
    problems: [problem],
    members: [
      { ...member, member: 'shard1' },
      { ...member, member: 'shard2', setUp: false },
      { ...member, member: 'shard3', reachable: false, setUp: false, version: null, problem },
    ],
    shards: [
      { shard: 'shard1', reachable: true, tenants: [tenant('acme', { drift: 1 })] },
      {
        shard: 'shard2',
        reachable: true,
        tenants: [tenant('cyberdyne', { applied: null, last: null, pending: ['20260102_books'] })],
      },
      { shard: 'shard3', reachable: false, tenants: [away] },
      { shard: 'shard4', reachable: true, tenants: [] },
    ],
    drift: [drift('cosmetic', 'a.c'), drift('wrong answers', 'a.w'), drift('invisible', 'a.i')],
    inDoubt: [{ member: 'shard1', step: 's1', gid: 'pgv:b:s1', owner: 'admin', ageSeconds: 200 }],
  });
  expect(text(report)).toBe(`fleet bookstore: 4 shards, 3 tenants, 2 migrations, PostgreSQL 16.1

shard   tenant        applied  pending  last            drift
shard1  acme                2        -  20260102_books      1
shard2  cyberdyne           ?        1  ?                   ?
shard3  initech             ?        ?  ?                   ?
shard4  (no tenants)

pending:
  20260102_books  1 tenant  cyberdyne

drift (1 wrong answers, 1 invisible, 1 cosmetic):
  wrong answers  a.w  veneer · shard2 · tenant cyberdyne
      the shard has it, the veneer does not
      readers do not see it
      cure: migrate sync
  invisible  a.i  veneer · shard2 · tenant cyberdyne
      the shard has it, the veneer does not
      readers do not see it
      cure: migrate sync
  cosmetic  a.c  veneer · shard2 · tenant cyberdyne
      the shard has it, the veneer does not
      readers do not see it
      cure: migrate sync

in doubt, prepared and not settled (migrate recover ends it):
  shard1  for 3 min  step s1  prepared by admin as pgv:b:s1

unreachable: shard3
  error: connection refused
    at shard3

not set up: shard2 (migrate setup)

notice: to read

next: migrate recover
`);
});

test('a large shard is cut, but who has something to tell stays, and who lacks what its siblings have stands first', () => {
  const tenants = Array.from({ length: 2000 }, (_, index) => tenant(`t${index}`));
  const shard = (name: string, list: typeof tenants) => ({ shard: name, reachable: true, tenants: list });
  const lines = text(
    statusReport({
      shards: [
        shard(
          'shard1',
          tenants.with(1500, tenant('drifted', { drift: 2 })).with(1600, tenant('waits', { pending: ['x'] })),
        ),
        shard('shard2', [tenant('acme')]),
      ],
    }),
  ).split('\n');
  expect(lines.filter((line) => line.startsWith('shard1 '))).toHaveLength(52);
  expect(lines.filter((line) => /^shard1 {2}(drifted|waits) /.test(line))).toHaveLength(2);
  const remark = lines.indexOf('shard1: … and 1,948 more (--json lists all)');
  expect(lines.findIndex((line) => line.includes(' waits '))).toBe(
    lines.findIndex((line) => line.startsWith('shard1 ')),
  );
  expect(lines[remark - 1]).toContain('drifted');
  expect(lines[remark + 1]).toMatch(/^shard2 {2}acme /);
});

test('of many differences the worst are shown', () => {
  const many = Array.from({ length: 60 }, (_, index) => drift('cosmetic', `c${index}`));
  const lines = text(statusReport({ exitCode: 11, drift: [...many, drift('error', 'e')] })).split('\n');
  expect(lines).toContain('drift (1 error, 60 cosmetic):');
  expect(lines).toContain('  error  e  veneer · shard2 · tenant cyberdyne');
  expect(lines).toContain('  … and 11 more (--json lists all)');
  expect(lines.filter((line) => line.startsWith('  cosmetic'))).toHaveLength(49);
});
