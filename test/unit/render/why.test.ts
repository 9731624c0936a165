import { expect, test } from '@jest/globals';
import { reportText } from '../../../src/render/report-text.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import type { Drift } from '../../../src/report/drift/drift.js';
import type { WhyRelation, WhyReport } from '../../../src/report/why.js';

const BOOKS: WhyRelation = {
  veneer: 'veneer',
  member: 'shard2',
  tenant: 'cyberdyne',
  server: 'shard2_server',
  remote: { schema: 'cyberdyne', name: 'books' },
  kind: 'r',
  state: 'in line',
  shownAs: { schema: 'cyberdyne', name: 'books' },
  rule: { from: '{schema}.{table}', as: '{tenant}.{table}', line: 12, except: null },
  table: {
    schema: 'cyberdyne',
    name: 'books',
    owner: 'admin',
    options: { schema_name: 'cyberdyne', fetch_size: '10' },
    parent: { schema: 'all', name: 'books' },
  },
  drift: [],
  roles: [
    {
      role: 'app',
      privileges: ['select'],
      user: 'remote_app',
      mapping: 'missing',
      there: ['select', 'insert'],
    },
    { role: 'nobody', privileges: [], user: 'remote_nobody', mapping: 'same', there: [] },
  ],
  writes: [{ column: 'id', effect: 'must be given', why: 'an identity column' }],
};

const report = (relations: readonly WhyRelation[], more: Partial<WhyReport> = {}): WhyReport => ({
  command: 'why',
  fleet: 'x',
  name: 'cyberdyne.books',
  meant: 'relation',
  tenants: [
    {
      tenant: 'cyberdyne',
      shard: 'shard2',
      member: 'shard2/cyberdyne',
      schema: 'cyberdyne',
      server: 'shard2_server',
    },
  ],
  relations,
  locals: [],
  problems: [],
  notices: [],
  exitCode: 0,
  next: null,
  ...more,
});

const text = (relations: readonly WhyRelation[], more: Partial<WhyReport> = {}): string =>
  reportText(report(relations, more), PLAIN);

test('one relation is told whole', () => {
  expect(text([BOOKS])).toBe(`cyberdyne.books  on veneer  shown, and what the shard has
  of      table cyberdyne.books on shard2
  tenant  cyberdyne
  rule    shards.yaml:12: {schema}.{table} as {tenant}.{table}
  server  shard2_server
  stands  foreign table, owner admin, partition of all.books; schema_name cyberdyne, fetch_size 10
  role    app     select          as remote_app, by no user mapping  there select, insert
  role    nobody  may do nothing  as remote_nobody                   who may do nothing there
  INSERTs id: must be given; an identity column
`);
});

const NOTHING = { shownAs: null, table: null, roles: [], writes: [] } as const;

test.each<[Partial<WhyRelation>, readonly string[]]>([
  [
    { ...NOTHING, state: 'excepted', rule: { ...BOOKS.rule!, except: 'boo*' } },
    [
      'not shown: left out by except boo*',
      'rule    shards.yaml:12, except boo*: ',
      'stands  no foreign table',
    ],
  ],
  [{ ...NOTHING, state: 'no rule', rule: null }, ['no expose rule takes it', 'rule    none exposes it']],
  [{ ...NOTHING, state: 'partition' }, ['a partition, which its parent shows']],
  [{ ...NOTHING, state: 'own' }, ['the veneer has it itself']],
  [{ ...NOTHING, state: 'no veneer', veneer: null }, ['cyberdyne.books  not shown: the fleet has no veneer']],
  [
    { state: 'not read', kind: null },
    ['it could not be compared', 'cyberdyne.books on shard2, which was not asked'],
  ],
  [{ state: 'differs', kind: null }, ['stands there, and shard2 has no such relation', 'which is not there']],
  [{ state: 'differs', table: null }, ['is to be shown, and is not', 'stands  no foreign table']],
  [{ state: 'differs', shownAs: null, rule: null }, ['stands there, and no expose rule names it']],
  [
    { state: 'differs', shownAs: null, rule: { ...BOOKS.rule!, except: 'x', line: null } },
    ['stands there, though except x leaves it out', 'default rule, except x'],
  ],
  [{ shownAs: { schema: 'a', name: 'b' } }, ['stands  foreign table cyberdyne.books, owner']],
  [
    { tenant: null, remote: { schema: 'a.b', name: 'c\n"d' } },
    [`"a.b"."c\\n""d"`, "none: it is the shard's own"],
  ],
])('%j', (more, words) => {
  for (const word of words) expect(text([{ ...BOOKS, ...more }])).toContain(word);
});

test('many of one name are a table, which tells them apart by their members', () => {
  const some = ['a', 'b', 'c', 'd'].map((member) => ({ ...BOOKS, member, writes: [] }));
  expect(text(some).match(/^  cyberdyne\.books.*$/gm)).toEqual(
    some.map(
      ({ member }) => `  cyberdyne.books on ${member}  as cyberdyne.books  veneer  in line  shards.yaml:12`,
    ),
  );
});

test('a tenant is a table, and what all of its relations share is told once', () => {
  const server: Drift = {
    kind: 'server',
    grade: 'error',
    where: { veneer: 'veneer', shard: 'shard2' },
    object: 'server shard2_server',
    text: 'it does not exist on the veneer',
    consequence: 'queries fail',
    cure: 'migrate setup',
  };
  const differs = { ...BOOKS, state: 'differs', drift: [server] } as const;
  expect(
    text([differs, { ...differs, remote: { schema: 'cyberdyne', name: 'b' }, ...NOTHING }], {
      meant: 'tenant',
      exitCode: 11,
      next: 'migrate setup',
    }),
  ).toBe(`tenant cyberdyne: schema cyberdyne on shard2, member shard2/cyberdyne, server shard2_server

  cyberdyne.books  as cyberdyne.books  veneer  differs  shards.yaml:12  INSERTs: 1 limit
  cyberdyne.b                          veneer  differs  shards.yaml:12

drift (1 error):
  error  server shard2_server  veneer · shard2
      it does not exist on the veneer
      queries fail
      cure: migrate setup

next: migrate setup
`);
  expect(text([], { meant: 'tenant' })).toContain('it has no relation yet');
  expect(text([], { meant: 'tenant', exitCode: 23 })).toContain('nothing is known of its relations');
});

test('what a veneer has itself', () => {
  const local = { veneer: 'veneer', local: { schema: 'all', name: 'books' }, drift: [] } as const;
  const shown = text([], {
    locals: [
      { ...local, kind: 'v', what: 'union view', rule: BOOKS.rule },
      { ...local, kind: null, what: 'parent of partitions', rule: BOOKS.rule },
      { ...local, kind: 'r', what: 'its own', rule: null },
    ],
  });
  expect(shown).toBe(`all.books  on veneer  view of the veneer itself
  the view over all tenants by shards.yaml:12

all.books  on veneer  does not exist
  what foreign tables are partitions of by shards.yaml:12

all.books  on veneer  table of the veneer itself
  no rule has to do with it
`);
});
