import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DRIFT_KINDS, type DriftKind } from '../../src/report/drift/drift.js';
import { problemOf } from '../../src/errors.js';
import type { As } from '../support/test-fleet.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { readCases, type DriftCase, type HandMade, type Proof, type QueryProof } from './drift-case.js';

const s = scenario({
  shared: true,
  config: (fleet) => `${bookstoreYaml(fleet)}
expose:
  - { from: "{tenant}.visits", partition_of: shared.visits, bounds: "IN ({tenant})" }
  - { from: "{schema}.notes", as: "{tenant}.notes", union: shared.notes }
  - { from: "{schema}.{table}", as: "{tenant}.{table}" }
`,
});

const MIGRATIONS: Readonly<Record<string, string>> = {
  '0001_base.sql': `
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
    CREATE DOMAIN code AS text CHECK (length(VALUE) < 20);
    CREATE TYPE place AS (street text, town text);
    CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL, price numeric(10,2), at date, state text DEFAULT 'new',
                        loud text GENERATED ALWAYS AS (upper(title)) STORED);
    CREATE TABLE authors (id int, name text COLLATE "C");
    CREATE TABLE critics (id int, name text COLLATE "C");
    CREATE TABLE pairs (a int, b int);
    CREATE TABLE ratios (n int, share int GENERATED ALWAYS AS (100 / n) STORED);
    CREATE TABLE moods (id int, feeling mood);
    CREATE TABLE codes (code code);
    CREATE TABLE places (place place);
    CREATE TABLE visits (id int, tenant text NOT NULL);
    CREATE TABLE notes (id int);
    INSERT INTO notes VALUES (1);
    INSERT INTO books (id, title, price) VALUES (1, 'Emma', 9.99), (2, 'Ulysses', 12.34);
    INSERT INTO authors VALUES (1, 'austen'), (2, 'Joyce');
    INSERT INTO critics VALUES (1, 'Eliot'), (2, 'Woolf');
    INSERT INTO pairs VALUES (1, 2);
    INSERT INTO moods VALUES (1, 'sad'), (2, 'ok'), (3, 'glad');
    INSERT INTO codes VALUES ('a1');
    INSERT INTO places VALUES (ROW('Eccles Street', 'Dublin'));
    INSERT INTO visits VALUES (1, current_setting('pgveneer.tenant'))`,
  '0002_pages.sql': 'ALTER TABLE books ADD COLUMN pages int',
};

const writeMigrations = async (): Promise<void> => {
  for (const [file, text] of Object.entries(MIGRATIONS)) await s.fleet.writeMigration(file, text);
};

const clean = { drift: [], problems: [], exitCode: 0 };

beforeAll(async () => {
  await writeMigrations();
  await s.run.setup();
  await s.fleet.query(
    'veneer',
    'CREATE SCHEMA IF NOT EXISTS shared; CREATE TABLE shared.visits (id int, tenant text NOT NULL) PARTITION BY LIST (tenant)',
  );
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

/** Is initech what it was before the last case? */
let isWhole = true;

/** Initech anew, as a tenant that was never touched by hand. */
beforeEach(async () => {
  if (isWhole) return;
  await s.fleet.query('veneer', 'DROP SCHEMA initech CASCADE');
  await s.fleet.query(
    'shard3',
    `DROP SCHEMA initech CASCADE; DELETE FROM pgveneer.ledger WHERE tenant = 'initech'`,
  );
  await s.fleet.query('shard3', 'DROP EXTENSION IF EXISTS citext', 'superuser');
  await writeMigrations();
  expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.status()).toMatchObject(clean);
});

const CASES = readCases();

test.each(CASES)('$name: found, graded, proven by what it does, and cured as it says', async (one) => {
  isWhole = false;
  await runAll(one.make);
  for (const [file, text] of Object.entries(one.files ?? {})) await replaceFile(file, text);
  const report = await s.run.status();
  expect(report).toMatchObject({ problems: [], exitCode: 11 });
  const main = report.drift.find(
    ({ kind, object }) => kind === one.found.kind && object === one.found.object,
  );
  expect(main ?? report.drift).toMatchObject(one.found);
  expect(kindsOf(report)).toEqual([...new Set([one.found.kind, ...(one.beside ?? [])])].toSorted());
  expect(saysItsCure(main?.cure ?? '', one)).toBe(true);
  await prove(one.proof);
  for (const cure of one.cure) await CURES[cure](one);
  const after = await s.run.status();
  expect(kindsOf(after)).toEqual(one.left ?? []);
  expect(after).toMatchObject({ problems: [], exitCode: one.left === undefined ? 0 : 11 });
  isWhole = one.left === undefined;
});

test('every kind of drift has its case', () => {
  const shown = new Set<DriftKind>(CASES.map(({ found }) => found.kind));
  expect(DRIFT_KINDS.filter((kind) => !shown.has(kind))).toEqual([]);
});

const kindsOf = ({ drift }: { readonly drift: readonly { readonly kind: DriftKind }[] }): DriftKind[] =>
  [...new Set(drift.map(({ kind }) => kind))].toSorted();

async function runAll(made: readonly HandMade[]): Promise<void> {
  for (const { member, as, sql } of made) await s.fleet.query(member, sql, as);
}

const replaceFile = (file: string, text: string | null): Promise<void> =>
  text === null ? rm(join(s.fleet.dir, 'migrations', file)) : s.fleet.writeMigration(file, text);

/** A command by itself where that is all, else what has to be done by hand. */
function saysItsCure(text: string, { cure }: DriftCase): boolean {
  const [only] = cure;
  if (cure.length > 1 || only === 'cure.sql' || only === 'files') return !/^migrate \w+$/.test(text);
  return only === 'prune' ? text.startsWith('migrate sync --prune') : text === `migrate ${only}`;
}

const CURES: Readonly<Record<DriftCase['cure'][number], (one: DriftCase) => Promise<void>>> = {
  sync: async () => expect(await s.run.sync()).toMatchObject({ problems: [], exitCode: 0 }),
  prune: async () => expect(await s.run.sync({ prune: true })).toMatchObject({ problems: [], exitCode: 0 }),
  setup: async () => expect(await s.run.setup()).toMatchObject({ problems: [], exitCode: 0 }),
  up: async () => expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 }),
  'cure.sql': ({ byHand }) => runAll(byHand),
  files: async ({ files = {} }) => {
    for (const file of Object.keys(files)) await replaceFile(file, MIGRATIONS[file] ?? null);
  },
};

async function prove(proof: Proof): Promise<void> {
  if ('up' in proof) {
    const { exitCode, problems } = await s.run.up();
    expect({ exitCode, message: problems[0]?.message }).toEqual({ exitCode: 20, message: expect.stringContaining(proof.up) }); // prettier-ignore
    return;
  }
  const { query, ends, as = 'app', message = '' } = proof;
  const shown = await answer('veneer', query, as);
  const real = await reference(proof);
  expect(real.error === null).toBe(proof.shard !== 'fails');
  if (ends === 'error') expect(shown.error).toContain(message);
  else expect(shown.error).toBeNull();
  if (ends === 'same answer') expect(shown.rows).toEqual(real.rows);
  if (ends === 'wrong answer') expect(shown.rows).not.toEqual(real.rows);
}

const reference = ({ query, onShard = query, sibling, as = 'app' }: QueryProof): Promise<Answer> =>
  sibling === undefined ? answer('shard3', onShard, as) : answer('veneer', sibling, as);

interface Answer {
  readonly rows: readonly unknown[];
  readonly error: string | null;
}

/** Leaves nothing, whatever it is. */
async function answer(member: string, sql: string, as: As): Promise<Answer> {
  const client = await s.fleet.connect(member, as);
  await client.query('BEGIN');
  try {
    return { rows: (await client.query(sql)).rows, error: null };
  } catch (error) {
    return { rows: [], error: problemOf(error).message };
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}
