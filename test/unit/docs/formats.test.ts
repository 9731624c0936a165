import { expect, test } from '@jest/globals';
import { checksumOf } from '../../../src/migrations/files/source-file.js';
import { fleetKeys } from '../../../src/postgres/fleet-keys.js';
import { formatGid, parseGid } from '../../../src/protocol/run/gid.js';
import {
  JOURNAL_STATEMENTS,
  STATE_STATEMENTS,
  STATE_VERSION,
  TENANTS_STATEMENTS,
} from '../../../src/protocol/run/state-schema.js';
import { inCode, read, section, tableRows } from './documents.js';

const FORMATS = read('FORMATS.md');

/** Tables of the state schema with their columns and types, from the statements that make them. */
function stateTables(): Map<string, Map<string, string>> {
  const tables = new Map<string, Map<string, string>>();
  for (const statement of [...STATE_STATEMENTS, ...JOURNAL_STATEMENTS, ...TENANTS_STATEMENTS]) {
    const [, table, body = ''] = /CREATE TABLE IF NOT EXISTS (pgveneer\.\w+) \((.*)\)/s.exec(statement) ?? [];
    if (table !== undefined) {
      const columns = [...body.matchAll(/^\s+([a-z_]+) (text|int|bigint|jsonb|timestamptz|interval)\b/gm)];
      tables.set(table, new Map(columns.map(([, name = '', type = '']) => [name, type])));
    }
    const [, altered = '', column = '', type = ''] =
      /ALTER TABLE (pgveneer\.\w+) ADD COLUMN IF NOT EXISTS (\w+) (\w+)/.exec(statement) ?? [];
    tables.get(altered)?.set(column, type);
  }
  return tables;
}

const HEADINGS: Readonly<Record<string, string>> = {
  'pgveneer.tenant': '### pgveneer.tenant and pgveneer.tenants',
};

test('FORMATS.md has every table of the state schema, with every column and its type', () => {
  const tables = stateTables();
  expect(tables.size).toBeGreaterThanOrEqual(4);
  for (const [table, columns] of tables) {
    const rows = tableRows(section(FORMATS, HEADINGS[table] ?? `### ${table}`));
    const written = rows.map(([name = '', type = '']) => [name.replaceAll('`', ''), type]);
    expect({ table, columns: Object.fromEntries(written) }).toEqual({
      table,
      columns: Object.fromEntries(columns),
    });
  }
});

test('its format number is the one of the schema', () => {
  expect(section(FORMATS, '## Schema pgveneer')).toContain(`\`format ${STATE_VERSION}\``);
});

test('the lock keys that it shows are those of a fleet called bookstore', () => {
  const keys = tableRows(section(FORMATS, '### Advisory locks')).map(([name, key = '']) => [
    name,
    key.replaceAll('`', ''),
  ]);
  expect(Object.fromEntries(keys)).toEqual(fleetKeys('bookstore'));
});

test('a gid is what it says: fleet percent-encoded, a part that differs is not ours', () => {
  const gid = { fleet: 'a:b', step: 'mwq1lff6-0398993b.5', nonce: '2642b003', participant: 2, n: 2 };
  expect(formatGid(gid)).toBe('pgv:a%3Ab:mwq1lff6-0398993b.5:2642b003:2/2');
  expect(parseGid(formatGid(gid))).toEqual(gid);
  expect(parseGid('pgv:a%3ab:mwq1lff6-0398993b.5:2642b003:2/2')).toBeNull();
});

test('the checksum is of the text, without what editors change', () => {
  expect(checksumOf('SELECT 1;  \r\n\r\n')).toBe(checksumOf('SELECT 1;'));
  expect(checksumOf('SELECT 1; -- why')).not.toBe(checksumOf('SELECT 1;'));
});

/** The fields of an interface, as written in a source file. */
function fieldsOf(source: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(read(source)) ?? [];
  const fields = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field);
  if (fields.length === 0) throw new Error(`no interface ${name} in ${source}`);
  return fields;
}

const REPORT = 'src/report/reports.ts';
const HISTORY = 'src/report/history.ts';
const STATUS = 'src/report/status.ts';
const UP = 'src/report/up.ts';

/** By command: the interfaces that its report is made of, and fields of objects that are written in place. */
const REPORTS: Readonly<Record<string, readonly (readonly [file: string, name: string] | string)[]>> = {
  baseline: [
    ['src/report/baseline.ts', 'BaselineReport'],
    ['src/report/baseline.ts', 'BaselineTenant'],
  ],
  ledger: [
    ['src/report/ledger.ts', 'LedgerReport'],
    ['src/report/ledger.ts', 'LedgerChange'],
  ],
  plan: [
    ['src/report/plan.ts', 'PlanReport'],
    ['src/report/plan.ts', 'PlanMigration'],
    ['src/report/plan.ts', 'PlanStatement'],
    ['src/report/plan.ts', 'PlanGroup'],
    ['src/report/plan.ts', 'PlanShard'],
    ['src/report/plan.ts', 'PlanStep'],
    ['src/report/plan.ts', 'PlanBatch'],
    ['src/report/plan.ts', 'PlanCapacity'],
    ['src/report/plan.ts', 'PlanMember'],
    ['src/report/plan.ts', 'FdwDemand'],
    ['src/veneer/writes.ts', 'WriteLimit'],
    ['src/migrations/sql/lock-modes.ts', 'RelationLock'],
  ],
  lint: [
    ['src/report/lint.ts', 'LintReport'],
    ['src/report/lint.ts', 'LintMigration'],
    ['src/report/lint.ts', 'LintFinding'],
    ['src/report/lint.ts', 'LintAdvice'],
    'plan',
    'warning',
    'unknown',
    'note',
  ],
  rehearse: [
    ['src/report/rehearse.ts', 'RehearseReport'],
    ['src/report/rehearse.ts', 'RehearsedTenant'],
    ['src/report/rehearse.ts', 'RehearsedStep'],
    ['src/report/rehearse.ts', 'RehearsedMember'],
    ['src/report/rehearse.ts', 'MovedSequence'],
    ['src/migrations/sql/lock-modes.ts', 'RelationLock'],
    'runs',
    'follows',
  ],
  doctor: [
    ['src/report/doctor.ts', 'DoctorReport'],
    ['src/report/doctor.ts', 'DoctorMember'],
    ['src/report/doctor.ts', 'DoctorCheck'],
  ],
  create: [['src/report/create.ts', 'CreateReport']],
  init: [['src/report/init.ts', 'InitReport'], ['src/report/init.ts', 'InitFile'], 'fleet'],
  setup: [
    [REPORT, 'SetupReport'],
    [REPORT, 'SetupMember'],
  ],
  up: [
    [UP, 'UpReport'],
    [UP, 'UpShard'],
    [UP, 'UpStep'],
    [UP, 'UpVeneerStep'],
    [UP, 'UpOrder'],
    ['src/report/hooks.ts', 'UpHook'],
    'veneer',
    'table',
    'tenant',
    'migration',
  ],
  status: [
    [STATUS, 'StatusReport'],
    [STATUS, 'MemberStatus'],
    [STATUS, 'ShardStatus'],
    [STATUS, 'TenantStatus'],
    [STATUS, 'OwnStatus'],
    [STATUS, 'InDoubt'],
    [STATUS, 'LastRun'],
    ['src/report/drift/drift.ts', 'Drift'],
    ['src/report/drift/drift-of-servers.ts', 'MappingStatus'],
    ['src/report/drift/shapes.ts', 'ShapeDifference'],
    ['src/report/drift/shapes.ts', 'Siblings'],
  ],
  why: [
    ['src/report/why.ts', 'WhyReport'],
    ['src/report/why.ts', 'WhyTenant'],
    ['src/report/why.ts', 'WhyRelation'],
    ['src/report/why.ts', 'WhyRule'],
    ['src/report/why.ts', 'WhyTable'],
    ['src/report/why.ts', 'WhyRole'],
    ['src/report/why.ts', 'WhyLocal'],
    'schema',
    'name',
    'status',
  ],
  sync: [
    [REPORT, 'SyncReport'],
    [REPORT, 'SyncVeneer'],
  ],
  recover: [[REPORT, 'RecoverReport']],
  history: [
    [REPORT, 'HistoryReport'],
    [HISTORY, 'HistoryRun'],
    [HISTORY, 'HistoryStep'],
    'committed',
    'other',
    'show',
  ],
  tenant: [
    ['src/report/tenant.ts', 'TenantReport'],
    ['src/report/tenant.ts', 'TenantLine'],
  ],
  stop: [
    [REPORT, 'StopReport'],
    [REPORT, 'StoppedRun'],
  ],
  sandbox: [
    [REPORT, 'SandboxReport'],
    [REPORT, 'SandboxServer'],
  ],
};

test.each(Object.entries(REPORTS))('FORMATS.md names every field of the report of %s', (command, parts) => {
  const [, after = ''] = section(FORMATS, '## Reports as JSON').split(`\n- **\`${command}\`**`);
  const item = after.split(/\n(?=- |\n)/)[0] ?? '';
  const fields = parts.flatMap((part) => (typeof part === 'string' ? part : fieldsOf(...part)));
  // Those that tell of a run have its command as well.
  const named = ['history', 'stop', 'status'].includes(command)
    ? fields
    : fields.filter((field) => field !== 'command');
  expect([...new Set(inCode(item))].toSorted()).toEqual([...new Set(named)].toSorted());
});

test('and those of every command that has a report', () => {
  const [, union = ''] = /export type Report =(.*?);/s.exec(read(REPORT)) ?? [];
  const names = [...union.matchAll(/(\w+)Report\b/g)].map(([, name = '']) => name.toLowerCase());
  expect(names.toSorted()).toEqual(Object.keys(REPORTS).toSorted());
});

test('and those that hooks are told, every one', () => {
  const facts = ['CommonFacts', 'HookedStep', 'EndedStepFacts', 'RunFacts'];
  const text = inCode(section(FORMATS, '## Facts of a hook'));
  for (const field of facts.flatMap((name) => fieldsOf('src/protocol/hooks/hook-facts.ts', name)))
    expect(text).toContain(field);
});

test('and those that all reports share, problems and what was settled', () => {
  const text = inCode(section(FORMATS, '## Reports as JSON'));
  const shared = [
    ...fieldsOf('src/report/report-base.ts', 'ReportBase'),
    ...fieldsOf('src/report/settled-attempt.ts', 'SettledAttempt'),
  ];
  for (const field of [
    ...shared,
    ...fieldsOf('src/errors.ts', 'Problem'),
    ...fieldsOf('src/errors.ts', 'Where'),
  ])
    expect(text).toContain(field);
});

test('FORMATS.md names every type, field and phase of the events of a run', () => {
  const source = read('src/report/progress.ts');
  const text = new Set(inCode(section(FORMATS, '## Events of a run')));
  const fields = [...source.matchAll(/readonly (\w+)\??:/g)].map(([, field = '']) => field);
  const types = [...source.matchAll(/readonly type: '([^']+)'/g)].map(([, type = '']) => type);
  const [, phases = ''] = /export type StepPhase =([^;]*);/.exec(source) ?? [];
  const words = [...phases.matchAll(/'([^']+)'/g)].map(([, phase = '']) => phase);
  expect({ types: types.length, phases: words.length }).toEqual({ types: 8, phases: 8 });
  expect([...fields, ...types, ...words].filter((word) => !text.has(word))).toEqual([]);
});

test('and every metric, with its labels', () => {
  const source = ['status-metrics', 'member-metrics']
    .map((name) => read(`src/render/metrics/${name}.ts`))
    .join('\n');
  const names = [...source.matchAll(/\bmetric\(\s*'(\w+)'/g)].map(([, name = '']) => `pgveneer_${name}`);
  const rows = tableRows(section(FORMATS, '## Metrics'));
  expect(rows.map(([name = '']) => name.replaceAll('`', '')).toSorted()).toEqual(names.toSorted());
  const labels = rows.flatMap((cells) => inCode(cells[1] ?? ''));
  const made = [...source.matchAll(/labels: \{ ([^}]*) \}/g)].flatMap(
    ([, list = '']) => list.match(/\b[a-z]\w*(?=[,:]|$)/g) ?? [],
  );
  expect(made.length).toBeGreaterThan(5);
  expect(made.filter((label) => ![...labels, 'fleet', 'labels'].includes(label))).toEqual([]);
});
