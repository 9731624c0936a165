import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { As } from '../support/test-fleet.js';
import type { Drift, DriftKind } from '../../src/report/drift/drift.js';

/** A folder of test/drift/cases: one difference made by hand, what it is called, what it does, and what cures it. */
export interface DriftCase {
  readonly name: string;
  /** make.sql: what somebody does by hand. */
  readonly make: readonly HandMade[];
  /** Instead of that, files of the folder of migrations; null: gone. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly found: Pick<Drift, 'kind' | 'grade' | 'object'>;
  /** Kinds that come with it. */
  readonly beside?: readonly DriftKind[];
  readonly proof: Proof;
  /** In this order; `files`: they are put back. */
  readonly cure: readonly ('sync' | 'setup' | 'prune' | 'up' | 'cure.sql' | 'files')[];
  /** cure.sql: what has to be done by hand. */
  readonly byHand: readonly HandMade[];
  /** Kinds that no command cures: a tenant stays as somebody made it. */
  readonly left?: readonly DriftKind[];
}

export interface HandMade {
  readonly member: string;
  readonly as: As;
  readonly sql: string;
}

/** What somebody suffers: a query through the veneer beside the same on the shard, or for a sibling; or `up`'s refusal. */
export type Proof = QueryProof | { readonly up: string };

export interface QueryProof {
  readonly query: string;
  readonly as?: As;
  readonly ends: 'wrong answer' | 'error' | 'same answer';
  /** A part of the error's message. */
  readonly message?: string;
  /** Where it is not the same text. */
  readonly onShard?: string;
  /** Through the veneer, for a tenant that is in order, instead of the query on the shard. */
  readonly sibling?: string;
  /** The shard refuses it, too. */
  readonly shard?: 'fails';
}

const FOLDER = fileURLToPath(new URL('./cases', import.meta.url));

/** All cases, by name. */
export const readCases = (): readonly DriftCase[] =>
  readdirSync(FOLDER)
    .toSorted()
    .map((name) => ({
      ...(JSON.parse(readFileSync(`${FOLDER}/${name}/case.json`, 'utf8')) as Omit<DriftCase, 'name'>),
      name,
      make: sectionsOf(`${FOLDER}/${name}/make.sql`),
      byHand: sectionsOf(`${FOLDER}/${name}/cure.sql`),
    }));

/** `-- on MEMBER`, or `-- on MEMBER as ROLE`, begins what runs there, each in a transaction of its own. */
function sectionsOf(file: string): readonly HandMade[] {
  if (!existsSync(file)) return [];
  const [before, ...parts] = readFileSync(file, 'utf8').split(/^-- on (\w+)(?: as (\w+))?\n/m);
  if (before !== '' || parts.length === 0) throw new Error(`${file} has to begin with -- on MEMBER`);
  return Array.from({ length: parts.length / 3 }, (_, index) => ({
    member: parts[index * 3] ?? '',
    as: (parts[index * 3 + 1] ?? 'admin') as As,
    sql: parts[index * 3 + 2] ?? '',
  }));
}
