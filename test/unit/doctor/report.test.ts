import { expect, test } from '@jest/globals';
import { doctorReport } from '../../../src/commands/doctor/doctor-report.js';
import type { MemberLook } from '../../../src/commands/doctor/look-at-member.js';
import { failed, notAsked, ok, warning } from '../../../src/commands/doctor/outcomes.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import { reportText } from '../../../src/render/report-text.js';
import type { DoctorCheck, DoctorReport } from '../../../src/report/doctor.js';

const look = (
  member: string,
  checks: readonly DoctorCheck[],
  rest: Partial<MemberLook> = {},
): MemberLook => ({
  member: { member, role: 'shard', version: '18.4', checks },
  problem: null,
  inDoubt: false,
  ...rest,
});

const report = (...looks: readonly MemberLook[]): DoctorReport =>
  doctorReport(
    { fleet: 'shop' },
    { machine: [ok('Node', 'v24.0.0')], looks, mappings: new Map(), notices: [] },
  );

const FINE = ok('setup', 'all is made');
const UNSET = warning('setup', 'not all of it is made yet', 'migrate setup');
const CURED = warning('locks', 'few', 'raise it');
const BROKEN = failed('setup', 'something is missing', 'as a superuser there: CREATE ROLE "a"');
const away = { exitCode: 23, message: 'shard3 cannot be reached' } as const;
const AWAY = look('shard3', [failed('connection', away.message, null), notAsked('clock', 'not reached')], {
  problem: away,
  member: {
    member: 'shard3',
    role: 'shard',
    version: null,
    checks: [failed('connection', away.message, null), notAsked('clock', 'shard3 was not reached')],
  },
});

test.each([
  ['all is well', [look('a', [FINE])], 0, null],
  ['something was not asked', [look('a', [notAsked('clock', '')])], 0, null],
  ['setup has to make something', [look('a', [UNSET, CURED])], 0, 'migrate setup'],
  ['something could be better', [look('a', [CURED])], 0, null],
  ['something fails, before setup', [look('a', [UNSET]), look('b', [BROKEN])], 20, 'migrate doctor'],
  ['a step is in doubt', [look('a', [BROKEN], { inDoubt: true })], 22, 'migrate recover'],
  ['a member is away', [look('a', [UNSET]), AWAY], 23, 'migrate doctor'],
])('%s', (_, looks, exitCode, next) => {
  expect(report(...looks)).toMatchObject({ exitCode, next });
});

test('what this machine lacks counts, too', () => {
  const machine = [warning('Node', 'v18', 'install another')];
  const facts = { machine, looks: [look('a', [FINE])], mappings: new Map(), notices: [] };
  expect(doctorReport({ fleet: 'shop' }, facts)).toMatchObject({ exitCode: 0, next: null });
});

test('as text: a row for each member, and what is not in order once, the worst first', () => {
  const text = reportText(
    report(look('shard1', [FINE, CURED]), look('shard2', [BROKEN, CURED]), AWAY),
    PLAIN,
  );
  expect(text).toBe(`member  role   PostgreSQL  ok  failed  warning  not asked
shard1  shard  18.4         1       -        1          -
shard2  shard  18.4         -       1        1          -
shard3  shard  -            -       1        -          1

failed  setup  shard2
    something is missing
    cure: as a superuser there: CREATE ROLE "a"

failed  connection  shard3
    shard3 cannot be reached

warning  locks  shard1, shard2
    few
    cure: raise it

next: migrate doctor
`);
});

test('as text, where all is well; of many members that are the first fifty are shown', () => {
  expect(reportText(report(look('shard1', [FINE])), PLAIN)).toMatch(/\n\nfit for setup and up\n$/);
  const warned = reportText(report(look('shard1', [FINE, CURED])), PLAIN);
  expect(warned).toMatch(/\n\nfit for setup and up, with warnings\n$/);
  const others = reportText(report(look('shard1', [FINE, notAsked('user mappings', 'no right')])), PLAIN);
  expect(others).toMatch(/\n\nfit for setup and up\n$/);
  expect(reportText(report(look('shard1', [notAsked('setup', 'no right')])), PLAIN)).not.toContain('fit for');
  const many = Array.from({ length: 60 }, (_, index) => look(`s${index}`, [FINE]));
  const text = reportText(report(...many, look('last', [CURED])), PLAIN);
  expect(text).toContain('\ns49 ');
  expect(text).not.toContain('\ns50 ');
  expect(text).toContain('\nlast ');
  expect(text).toContain('… and 10 more, all ok (--json lists them)');
});

test('as text, a cure that goes on for hundreds of tenants is cut, and JSON has it', () => {
  const long = failed(
    'rights',
    'something',
    Array.from({ length: 300 }, (_, n) => `GRANT "t${n}"`).join('; '),
  );
  expect(reportText(report(look('shard1', [long])), PLAIN)).toMatch(
    /\n {4}cure: GRANT "t0".{580,600}… \(whole in --json\)\n/,
  );
});
