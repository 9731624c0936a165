import { expect, test } from '@jest/globals';
import type { Row } from '../../../src/render/blocks/block.js';
import { PLAIN } from '../../../src/render/blocks/style.js';
import { reportBlocks } from '../../../src/render/report-text.js';
import { partsOf } from '../../../src/render/writers/parts.js';
import type { Report } from '../../../src/report/reports.js';

const BASE = { fleet: 'x', exitCode: 0, next: null, problems: [], notices: [] } as const;

const RELATION = {
  veneer: 'veneer',
  member: 'shard1',
  tenant: 'acme',
  server: 'shard1_server',
  remote: { schema: 'acme', name: 'books' },
  kind: 'r',
  state: 'in line',
  shownAs: { schema: 'acme', name: 'books' },
  rule: null,
  table: null,
  drift: [],
  roles: [{ role: 'app', privileges: ['select'], user: 'remote_app', mapping: 'same', there: ['select'] }],
  writes: [],
} as const;

const WHY = { ...BASE, command: 'why', name: 'acme', tenants: [], locals: [] } as const;

const check = { check: 'locks', outcome: 'ok', found: 'enough', cure: null } as const;

/** Each table as a document has it: its head, then its rows. */
const tablesOf = (report: Report): string[][][] =>
  reportBlocks(report, PLAIN)
    .flatMap(partsOf)
    .flatMap((part) =>
      part.kind === 'table'
        ? [
            [part.head, ...part.rows.map(({ cells }: Row) => cells)].map((cells) =>
              cells.map(({ text }) => text.trim()),
            ),
          ]
        : [],
    );

test.each<[Report, string[][]]>([
  [
    { ...BASE, command: 'init', dryRun: false, folder: '.', files: [{ file: 'shards.yaml', state: 'made' }] },
    [
      ['state', 'file'],
      ['made', 'shards.yaml'],
    ],
  ],
  [
    {
      ...BASE,
      command: 'doctor',
      machine: [],
      members: [{ member: 'shard1', role: 'shard', version: '18.1', checks: [check] }],
    },
    [
      ['member', 'role', 'PostgreSQL', 'ok', 'failed', 'warning', 'not asked'],
      ['shard1', 'shard', '18.1', '1', '-', '-', '-'],
    ],
  ],
  [
    { ...WHY, meant: 'tenant', relations: [RELATION] },
    [
      ['relation', 'shown', 'veneer', 'state', 'rule', 'INSERTs'],
      ['acme.books', 'as acme.books', 'veneer', 'in line', '', ''],
    ],
  ],
  [
    { ...WHY, meant: 'relation', relations: [RELATION] },
    [
      ['', 'role', 'may', 'as', 'there'],
      ['role', 'app', 'select', 'as remote_app', 'there select'],
    ],
  ],
])('a table of a document has a head and cells without what only aligns them: %#', (report, table) => {
  expect(tablesOf(report)).toEqual([table]);
});
