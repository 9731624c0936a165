import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expositionOf } from '../../../src/render/metrics/exposition.js';
import { statusMetrics } from '../../../src/render/metrics/status-metrics.js';
import { nasty } from './nasty.js';
import type { Drift } from '../../../src/report/drift/drift.js';
import { drift, statusReport, tenant } from './samples.js';

const AT = new Date('2026-01-05T09:00:00.500Z');

interface Read {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a reader of the format (prometheus.io/docs/instrumenting/exposition_formats) takes out of a line. */
function readLine(line: string): Read {
  const [, name = '', pairs = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const labels = [...pairs.matchAll(/([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy)].map(
    ([, key = '', text = '']) => [
      key,
      text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
    ],
  );
  return { name, labels: Object.fromEntries(labels) as Read['labels'], value: Number(value) };
}

const samplesOf = (text: string): Read[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readLine);

test('labels are read as they were, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ a: nasty, b: nasty }), { minLength: 1 }), (labels) => {
      const samples = labels.map((one, value) => ({ labels: one, value }));
      const text = expositionOf([{ name: 'x', help: 'a\\b\nc', samples }]);
      expect(samplesOf(text)).toEqual(samples.map((sample) => ({ name: 'x', ...sample })));
      expect(text.split('\n').slice(0, 2)).toEqual([String.raw`# HELP x a\\b\nc`, '# TYPE x gauge']);
      expect(text.endsWith('\n')).toBe(true);
    }),
  );
});

const REPORT = statusReport({
  exitCode: 23,
  lastRun: { run: 'r', command: 'up', state: 'partly done', began: '2026-01-05T08:00:00.000Z' },
  members: [
    { member: 'veneer', role: 'veneer', reachable: true, setUp: true, version: '18.1', problem: null },
    { member: 'shard1', role: 'shard', reachable: true, setUp: false, version: '18.1', problem: null },
    { member: 'shard2', role: 'shard', reachable: false, setUp: false, version: null, problem: null },
  ],
  shards: [
    {
      shard: 'shard1',
      reachable: true,
      tenants: [
        tenant('acme', { pending: ['20260103_c', '20260104_d'] }),
        tenant('globex', { pending: ['20260104_d'] }),
        tenant('hooli', { applied: null }),
      ],
    },
    { shard: 'shard2', reachable: false, tenants: [tenant('initech', { applied: null })] },
  ],
  own: [
    { scope: 'veneer', member: 'veneer', applied: 1, pending: ['20260105_v'], last: null },
    { scope: 'shard', member: 'shard2', applied: null, pending: [], last: null },
  ],
  drift: [
    drift('error', 'a.b'),
    drift('error', 'a.c'),
    { ...drift('cosmetic', 'd'), kind: 'odd tenant', where: { shard: 'shard1' } },
  ],
  inDoubt: [
    { member: 'shard1', step: 's', gid: 'g', owner: 'o', ageSeconds: 5 },
    { member: 'shard1', step: 's', gid: 'h', owner: 'o', ageSeconds: 70 },
  ],
});

/** `name label=value …` → value, without the fleet. */
const VALUES = new Map(
  samplesOf(statusMetrics(REPORT, AT)).map(({ name, labels: { fleet, ...labels }, value }) => {
    expect(fleet).toBe('bookstore');
    return [[name, ...Object.entries(labels).map(([key, text]) => `${key}=${text}`)].join(' '), value];
  }),
);

test.each([
  ['pgveneer_status_timestamp_seconds', 1_767_603_600.5],
  ['pgveneer_status_exit_code', 23],
  ['pgveneer_migrations', 2],
  ['pgveneer_last_run_failed command=up', 1],
  ['pgveneer_last_run_timestamp_seconds command=up', 1_767_600_000],
  ['pgveneer_member_reachable member=shard1 role=shard', 1],
  ['pgveneer_member_reachable member=shard2 role=shard', 0],
  ['pgveneer_member_set_up member=shard1 role=shard', 0],
  ['pgveneer_tenants shard=shard1', 3],
  ['pgveneer_tenants shard=shard2', 1],
  ['pgveneer_tenants_pending shard=shard1', 2],
  ['pgveneer_tenants_unknown shard=shard1', 1],
  ['pgveneer_tenants_unknown shard=shard2', 1],
  ['pgveneer_pending_migrations member=shard1 scope=tenant', 2],
  ['pgveneer_pending_migrations member=veneer scope=veneer', 1],
  ['pgveneer_in_doubt member=veneer', 0],
  ['pgveneer_in_doubt member=shard1', 2],
  ['pgveneer_in_doubt_age_seconds member=shard1', 70],
  ['pgveneer_drift_grade grade=error', 2],
  ['pgveneer_drift_grade grade=wrong answers', 0],
  ['pgveneer_drift veneer=veneer shard=shard2 grade=error kind=missing column', 2],
  ['pgveneer_drift veneer= shard=shard1 grade=cosmetic kind=odd tenant', 1],
])('%s is %d', (series, value) => {
  expect(VALUES.get(series)).toBe(value);
});

test.each([
  ['done', 0],
  ['running', 0],
  ['interrupted', 0],
  ['failed', 1],
  ['in doubt', 1],
  ['ended without a word', 1],
] as const)('a last run that is %s counts %d', (state, value) => {
  const lastRun = { run: 'r', command: 'up', state, began: '2026-01-05T08:00:00.000Z' };
  const text = statusMetrics(statusReport({ lastRun }), AT);
  expect(text).toContain(`pgveneer_last_run_failed{fleet="bookstore",command="up"} ${value}\n`);
});

test('what nobody could read has no value', () => {
  const known = [...VALUES.keys()].filter((series) => /\b(member|shard)=shard2\b/.test(series));
  expect(known.map((series) => series.split(' ')[0])).toEqual([
    'pgveneer_member_reachable',
    'pgveneer_tenants',
    'pgveneer_tenants_unknown',
    'pgveneer_drift',
  ]);
});

test.each(['veneer', 'shard'] as const)(
  'where no %s answers, nobody has seen that there is no drift',
  (role) => {
    const [veneer, shard] = statusReport().members;
    const members = [veneer!, shard!].map((member) => ({ ...member, reachable: member.role !== role }));
    const gradesOf = (found: readonly Drift[]): Read[] =>
      samplesOf(statusMetrics(statusReport({ members, drift: found }), AT)).filter(
        ({ name }) => name === 'pgveneer_drift_grade',
      );
    expect(gradesOf([])).toEqual([]);
    expect(gradesOf([drift('invisible', 'a')])).toMatchObject([{ labels: { grade: 'invisible' }, value: 1 }]);
  },
);

test('there are as many series for a thousand tenants and tables as for one', () => {
  const seriesFor = (count: number): number => {
    const names = Array.from({ length: count }, (_, index) => `t${index}`);
    const report = statusReport({
      shards: [
        { shard: 'shard1', reachable: true, tenants: names.map((name) => tenant(name, { pending: [name] })) },
      ],
      drift: names.map((name) => drift('error', name)),
      inDoubt: names.map((gid) => ({ member: 'shard1', step: gid, gid, owner: 'o', ageSeconds: 1 })),
    });
    return samplesOf(statusMetrics(report, AT)).length;
  };
  expect(seriesFor(1000)).toBe(seriesFor(1));
});
