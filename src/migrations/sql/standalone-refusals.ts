import type { Node } from 'libpg-query';

/** Why a statement cannot be run, and what to do instead. */
export interface Refusal {
  /** What it is, where that is not just its text. */
  readonly what?: string;
  readonly why: string;
  readonly hint: string;
}

interface Rule {
  readonly matches: (node: Node) => boolean;
  readonly refusal: Refusal;
}

/** Why a statement may not run outside of a step's transaction. The last answer holds for all that no rule names. */
export function refusalOutsideStep(node: Node): Refusal {
  return RULES.find((rule) => rule.matches(node))?.refusal ?? DEFINITION;
}

const TO_A_STEP = 'put it into a migration of its own, without the marker';

const DEFINITION: Refusal = {
  why: 'it may change what a veneer shows, and the veneer can follow only inside of a transaction',
  hint: `${TO_A_STEP}: there it commits together with the veneer`,
};

const DATA: Refusal = {
  why: 'outside of a transaction a change of data is not applied exactly once: after a crash it would run again',
  hint: TO_A_STEP,
};

const BLOCKING = {
  why: 'it blocks the application while it runs, and outside of a transaction no budget bounds that',
  hint: 'write it with CONCURRENTLY, or put it into a migration without the marker',
};

const BEYOND = 'it reaches beyond the tenant that it runs for';

const isIndexDrop = (node: Node): boolean =>
  'DropStmt' in node && node.DropStmt.removeType === 'OBJECT_INDEX';

const RULES: readonly Rule[] = [
  {
    matches: (n) => 'TransactionStmt' in n,
    refusal: {
      why: 'a migration without a transaction has none to begin, to end or to set a savepoint in',
      hint: 'remove the statement: each of the others commits by itself',
    },
  },
  {
    matches: (n) => 'IndexStmt' in n && n.IndexStmt.concurrent === true,
    refusal: {
      what: 'CREATE INDEX CONCURRENTLY without a name',
      why: 'what an interrupted one leaves is found again by its name alone',
      hint: 'name the index',
    },
  },
  { matches: (n) => 'IndexStmt' in n, refusal: { what: 'CREATE INDEX without CONCURRENTLY', ...BLOCKING } },
  {
    matches: (n) => isIndexDrop(n) && 'DropStmt' in n && n.DropStmt.concurrent === true,
    refusal: {
      what: 'DROP INDEX CONCURRENTLY of several indexes',
      why: 'PostgreSQL drops one at a time',
      hint: 'write a statement for each',
    },
  },
  { matches: isIndexDrop, refusal: { what: 'DROP INDEX without CONCURRENTLY', ...BLOCKING } },
  {
    matches: (n) => 'ReindexStmt' in n && n.ReindexStmt.relation === undefined,
    refusal: {
      what: 'REINDEX of a schema or database',
      why: BEYOND,
      hint: 'name the tables, a statement for each',
    },
  },
  { matches: (n) => 'ReindexStmt' in n, refusal: { what: 'REINDEX without CONCURRENTLY', ...BLOCKING } },
  {
    matches: (n) => 'VacuumStmt' in n && (n.VacuumStmt.rels ?? []).length === 0,
    refusal: { what: 'VACUUM or ANALYZE of all tables', why: BEYOND, hint: 'name the tables' },
  },
  {
    matches: (n) => 'VacuumStmt' in n,
    refusal: {
      what: 'VACUUM FULL',
      why: 'it rewrites the table and blocks everybody meanwhile, and no budget bounds for how long',
      hint: 'write VACUUM without FULL, or run it by hand in a quiet hour',
    },
  },
  {
    matches: (n) => 'ClusterStmt' in n,
    refusal: {
      what: 'CLUSTER',
      why: 'it rewrites the table and blocks everybody meanwhile, and no budget bounds for how long',
      hint: 'run it by hand in a quiet hour',
    },
  },
  {
    matches: (n) => 'VariableSetStmt' in n && n.VariableSetStmt.name?.toLowerCase() === 'search_path',
    refusal: {
      why: 'names are looked up in the tenant alone',
      hint: 'remove it; qualify a name that lies elsewhere',
    },
  },
  {
    matches: (n) => 'VariableSetStmt' in n,
    refusal: { why: 'outside of a transaction it sets nothing, or too much', hint: 'write SET name = value' },
  },
  {
    matches: (n) =>
      'InsertStmt' in n || 'UpdateStmt' in n || 'DeleteStmt' in n || 'MergeStmt' in n || 'TruncateStmt' in n,
    refusal: DATA,
  },
  { matches: (n) => 'SelectStmt' in n || 'CopyStmt' in n || 'RefreshMatViewStmt' in n, refusal: DATA },
  {
    matches: (n) => 'DoStmt' in n || 'CallStmt' in n,
    refusal: {
      why: 'what it does cannot be seen beforehand, and after a crash it would run again',
      hint: TO_A_STEP,
    },
  },
  {
    matches: (n) =>
      'CreatedbStmt' in n ||
      'DropdbStmt' in n ||
      'AlterDatabaseStmt' in n ||
      'AlterDatabaseSetStmt' in n ||
      'CreateTableSpaceStmt' in n ||
      'DropTableSpaceStmt' in n ||
      'AlterSystemStmt' in n ||
      'DiscardStmt' in n,
    refusal: { why: BEYOND, hint: 'run it by hand, outside of the migrations' },
  },
  {
    matches: detachesConcurrently,
    refusal: {
      what: 'DETACH PARTITION CONCURRENTLY',
      why: DEFINITION.why,
      hint: 'write it without CONCURRENTLY, in a migration without the marker',
    },
  },
];

/** ALTER TABLE … DETACH PARTITION … CONCURRENTLY. */
export function detachesConcurrently(node: Node): boolean {
  if (!('AlterTableStmt' in node)) return false;
  return (node.AlterTableStmt.cmds ?? []).some((command) => {
    if (!('AlterTableCmd' in command)) return false;
    const { def } = command.AlterTableCmd;
    return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true;
  });
}
