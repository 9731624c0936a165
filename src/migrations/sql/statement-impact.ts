import type { Node } from 'libpg-query';
import { alterTableImpact } from './alter-table-impact.js';
import {
  LOCK_MODES,
  strongest,
  UNKNOWN,
  type LockMode,
  type RelationLock,
  type StatementImpact,
} from './lock-modes.js';
import { collect, relationsIn, wordsOf, writtenName, type Of } from './parse-tree.js';

/**
 * Which locks a statement takes on which relations, and whether it rewrites one: by the parse tree and PostgreSQL's
 * documentation (https://www.postgresql.org/docs/current/explicit-locking.html), never by guessing: what depends on the
 * catalogs is `unknown`. What triggers do, and the ROW SHARE of foreign keys that rows are checked against, is left out. Pure.
 */
export function impactOf(node: Node): StatementImpact {
  if ('AlterTableStmt' in node) return alterTableImpact(node.AlterTableStmt);
  const [kind = ''] = Object.keys(node);
  const rule = RULES[kind];
  if (rule !== undefined) return rule(node);
  return HARMLESS.has(kind) ? NOTHING : UNKNOWN;
}

const NOTHING: StatementImpact = { locks: [], others: 'none', rewrites: 'no' };

const locking = (
  mode: LockMode,
  relations: readonly string[],
  more: Partial<StatementImpact> = {},
): StatementImpact => ({
  ...NOTHING,
  locks: strongest(relations.map((relation) => ({ relation, mode }))),
  ...more,
});

/** Change the catalogs, and lock no table. */
const HARMLESS = new Set([
  'CreateSchemaStmt',
  'CreateEnumStmt',
  'AlterEnumStmt',
  'CompositeTypeStmt',
  'CreateRangeStmt',
  'CreateDomainStmt',
  'CreateSeqStmt',
  'CreateFunctionStmt',
  'AlterFunctionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'TransactionStmt',
  'ConstraintsSetStmt',
  'CreateRoleStmt',
  'AlterRoleStmt',
  'GrantRoleStmt',
  'AlterDefaultPrivilegesStmt',
]);

type Rules = Readonly<Record<string, (node: Node) => StatementImpact>>;

/** A rule for one kind of node. */
function rule<K extends string>(kind: K, impact: (statement: Of<K>) => StatementImpact): Rules {
  return { [kind]: (node) => impact(Reflect.get(node, kind)) };
}

const nameOf = (relation: Of<'RangeVar'> | undefined): string[] =>
  relation === undefined ? [] : [writtenName(relation)];

const RULES: Rules = {
  ...rule('CreateStmt', createTable),
  ...rule('IndexStmt', ({ relation, concurrent }) =>
    locking(concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', nameOf(relation)),
  ),
  ...rule('DropStmt', dropImpact),
  ...rule('TruncateStmt', ({ relations, behavior }) =>
    locking('ACCESS EXCLUSIVE', relationsIn(relations), {
      rewrites: 'yes',
      others: behavior === 'DROP_CASCADE' ? 'unknown' : 'none',
    }),
  ),
  ...rule('RenameStmt', renameImpact),
  ...rule('AlterObjectSchemaStmt', ({ relation }) =>
    relation === undefined ? UNKNOWN : locking('ACCESS EXCLUSIVE', nameOf(relation)),
  ),
  ...rule('CreateTrigStmt', ({ relation, constrrel }) =>
    locking('SHARE ROW EXCLUSIVE', [...nameOf(relation), ...nameOf(constrrel)]),
  ),
  ...rule('CreatePolicyStmt', ({ table }) => locking('ACCESS EXCLUSIVE', nameOf(table))),
  ...rule('AlterPolicyStmt', ({ table }) => locking('ACCESS EXCLUSIVE', nameOf(table))),
  ...rule('RuleStmt', ({ relation }) => locking('ACCESS EXCLUSIVE', nameOf(relation), { others: 'unknown' })),
  ...rule('CommentStmt', commentImpact),
  ...rule('CreateStatsStmt', ({ relations }) => locking('SHARE UPDATE EXCLUSIVE', relationsIn(relations))),
  ...rule('RefreshMatViewStmt', ({ relation, concurrent }) =>
    concurrent === true
      ? locking('EXCLUSIVE', nameOf(relation), { others: 'unknown' })
      : locking('ACCESS EXCLUSIVE', nameOf(relation), { others: 'unknown', rewrites: 'yes' }),
  ),
  ...rule('LockStmt', ({ relations, mode = 8 }) =>
    locking(LOCK_MODES[mode - 1] ?? 'ACCESS EXCLUSIVE', relationsIn(relations)),
  ),
  ...rule('VacuumStmt', vacuumImpact),
  ...rule('ViewStmt', ({ view, query, replace }) => ({
    ...reading(query),
    locks: strongest([
      ...reading(query).locks,
      // One that is there already; a new one nobody can be waiting for.
      ...(replace === true
        ? nameOf(view).map((relation): RelationLock => ({ relation, mode: 'ACCESS EXCLUSIVE' }))
        : []),
    ]),
  })),
  ...rule('CreateTableAsStmt', ({ query }) => reading(query)),
  ...rule('SelectStmt', selectImpact),
  ...rule('InsertStmt', (statement) => writing(statement, nameOf(statement.relation))),
  ...rule('UpdateStmt', (statement) => writing(statement, nameOf(statement.relation))),
  ...rule('DeleteStmt', (statement) => writing(statement, nameOf(statement.relation))),
  ...rule('MergeStmt', (statement) => writing(statement, nameOf(statement.relation))),
};

/** The new table is nobody else's yet; its partitioned parent, and the other ends of its foreign keys, are. */
function createTable({ inhRelations, partbound, tableElts, constraints }: Of<'CreateStmt'>): StatementImpact {
  const references = collect([tableElts, constraints], 'pktable').map(({ pktable }): RelationLock => ({
    relation: writtenName(pktable as Of<'RangeVar'>),
    mode: 'SHARE ROW EXCLUSIVE',
  }));
  const parents = relationsIn(inhRelations).map((relation): RelationLock => ({
    relation,
    mode: partbound === undefined ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
  }));
  const likes = collect(tableElts, 'TableLikeClause').flatMap((one) =>
    relationsIn(one).map((relation): RelationLock => ({ relation, mode: 'ACCESS SHARE' })),
  );
  const others = partbound === undefined ? 'none' : 'unknown';
  return { locks: strongest([...references, ...parents, ...likes]), others, rewrites: 'no' };
}

const LOCKED_WHOLE = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
]);

/** Other ends of foreign keys, and an index's table, stand in the catalogs. */
function dropImpact({ removeType, objects = [], concurrent }: Of<'DropStmt'>): StatementImpact {
  const names = objects.flatMap((object) => ('List' in object ? [wordsOf(object.List.items)] : []));
  const whole = names.map((words) => words.join('.'));
  if (removeType === 'OBJECT_INDEX')
    return locking(concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', whole, {
      others: 'unknown',
    });
  if (removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_POLICY' || removeType === 'OBJECT_RULE')
    return locking(
      'ACCESS EXCLUSIVE',
      names.map((words) => words.slice(0, -1).join('.')),
    );
  return LOCKED_WHOLE.has(removeType ?? '')
    ? locking('ACCESS EXCLUSIVE', whole, { others: 'unknown' })
    : UNKNOWN;
}

function renameImpact({ renameType, relation }: Of<'RenameStmt'>): StatementImpact {
  if (relation === undefined) return UNKNOWN;
  return locking(
    renameType === 'OBJECT_INDEX' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
    nameOf(relation),
  );
}

function commentImpact({ objtype, object }: Of<'CommentStmt'>): StatementImpact {
  const words = object !== undefined && 'List' in object ? wordsOf(object.List.items) : [];
  if (LOCKED_WHOLE.has(objtype ?? '')) return locking('SHARE UPDATE EXCLUSIVE', [words.join('.')]);
  if (objtype === 'OBJECT_COLUMN') return locking('SHARE UPDATE EXCLUSIVE', [words.slice(0, -1).join('.')]);
  return UNKNOWN;
}

function vacuumImpact({ rels, options }: Of<'VacuumStmt'>): StatementImpact {
  const isFull = collect(options, 'defname').some(({ defname }) => defname === 'full');
  return isFull
    ? locking('ACCESS EXCLUSIVE', relationsIn(rels), { rewrites: 'yes' })
    : locking('SHARE UPDATE EXCLUSIVE', relationsIn(rels));
}

const reading = (tree: unknown): StatementImpact =>
  locking('ACCESS SHARE', relationsIn(tree), { others: beyond(tree) });

function selectImpact(statement: Of<'SelectStmt'>): StatementImpact {
  if (writesWithin(statement)) return UNKNOWN;
  const mode = collect(statement, 'lockingClause').length > 0 ? 'ROW SHARE' : 'ACCESS SHARE';
  return locking(mode, relationsIn(statement), { others: beyond(statement) });
}

function writing(statement: { readonly withClause?: unknown }, target: readonly string[]): StatementImpact {
  if (writesWithin(statement.withClause)) return UNKNOWN;
  const read = relationsIn(statement).map((relation): RelationLock => ({ relation, mode: 'ACCESS SHARE' }));
  const written = target.map((relation): RelationLock => ({ relation, mode: 'ROW EXCLUSIVE' }));
  return { locks: strongest([...read, ...written]), others: beyond(statement), rewrites: 'no' };
}

/** Rows are changed inside of a WITH. */
const writesWithin = (tree: unknown): boolean =>
  ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].some((kind) => collect(tree, kind).length > 0);

/** A function may do anything; these are known to lock nothing. */
const beyond = (tree: unknown): StatementImpact['others'] =>
  collect(tree, 'funcname').every(({ funcname }) =>
    PLAIN.has(wordsOf(funcname as Of<'FuncCall'>['funcname']).at(-1) ?? ''),
  )
    ? 'none'
    : 'unknown';

const PLAIN = new Set(
  'count sum min max avg now lower upper trim btrim length substring replace concat coalesce abs round random gen_random_uuid generate_series string_agg array_agg clock_timestamp md5 to_char date_trunc current_setting row_number'.split(
    ' ',
  ),
);
