import { together, type LockMode, type RelationLock, type StatementImpact } from './lock-modes.js';
import { collect, wordsOf, writtenName, type Of } from './parse-tree.js';

/**
 * What each part of an ALTER TABLE locks and rewrites: "An ACCESS EXCLUSIVE lock is acquired unless explicitly noted"
 * (https://www.postgresql.org/docs/current/sql-altertable.html, Description and Notes).
 */
export function alterTableImpact({ relation, cmds = [] }: Of<'AlterTableStmt'>): StatementImpact {
  const name = relation === undefined ? '' : writtenName(relation);
  return together(
    cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? [commandImpact(name, cmd.AlterTableCmd)] : [])),
  );
}

function commandImpact(table: string, command: Of<'AlterTableCmd'>): StatementImpact {
  const { subtype = '', def } = command;
  const on = (mode: LockMode, more: readonly RelationLock[] = []): StatementImpact => ({
    locks: [{ relation: table, mode }, ...more],
    others: 'none',
    rewrites: 'no',
  });
  switch (subtype) {
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def
        ? { ...on('ACCESS EXCLUSIVE', referenced(def)), rewrites: addedColumnRewrites(def.ColumnDef) }
        : on('ACCESS EXCLUSIVE');
    case 'AT_AddConstraint':
      return isForeignKey(def) ? on('SHARE ROW EXCLUSIVE', referenced(def)) : on('ACCESS EXCLUSIVE');
    // A foreign key's other end is locked with it, and that stands in the catalogs.
    case 'AT_DropColumn':
    case 'AT_DropConstraint':
      return { ...on('ACCESS EXCLUSIVE'), others: 'unknown' };
    // Whether the old type can be read as the new one stands in the catalogs as well.
    case 'AT_AlterColumnType':
      return { ...on('ACCESS EXCLUSIVE'), others: 'unknown', rewrites: 'unknown' };
    // Of a foreign key it locks the other end, ROW SHARE.
    case 'AT_ValidateConstraint':
    case 'AT_SetStatistics':
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
    case 'AT_ClusterOn':
    case 'AT_DropCluster':
      return on('SHARE UPDATE EXCLUSIVE');
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return on(collect(def, 'defname').every(isLightOption) ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE');
    case 'AT_EnableTrig':
    case 'AT_EnableAlwaysTrig':
    case 'AT_EnableReplicaTrig':
    case 'AT_DisableTrig':
    case 'AT_EnableTrigAll':
    case 'AT_DisableTrigAll':
    case 'AT_EnableTrigUser':
    case 'AT_DisableTrigUser':
      return on('SHARE ROW EXCLUSIVE');
    case 'AT_AttachPartition':
      return { ...on('SHARE UPDATE EXCLUSIVE', partition(def)), others: 'unknown' };
    case 'AT_DetachPartition':
      return { ...on('ACCESS EXCLUSIVE', partition(def)), others: 'unknown' };
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
    case 'AT_SetTableSpace':
      return { ...on('ACCESS EXCLUSIVE'), others: 'unknown', rewrites: 'unknown' };
    default:
      return LIGHT.has(subtype)
        ? on('ACCESS EXCLUSIVE')
        : { ...on('ACCESS EXCLUSIVE'), others: 'unknown', rewrites: 'unknown' };
  }
}

/** Parts that change the catalogs alone, or read the table at most. */
const LIGHT = new Set([
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_SetStorage',
  'AT_SetCompression',
  'AT_AddIdentity',
  'AT_SetIdentity',
  'AT_DropIdentity',
  'AT_ChangeOwner',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
  'AT_ReplicaIdentity',
  'AT_DropExpression',
]);

const isForeignKey = (def: unknown): boolean => collect(def, 'pktable').length > 0;

/** Other ends of foreign keys: they get a trigger. */
const referenced = (def: unknown): RelationLock[] =>
  collect(def, 'pktable').map(({ pktable }) => ({
    relation: writtenName(pktable as Of<'RangeVar'>),
    mode: 'SHARE ROW EXCLUSIVE',
  }));

/** The table that becomes a partition, or was one. */
const partition = (def: Of<'AlterTableCmd'>['def']): RelationLock[] =>
  def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.name !== undefined
    ? [{ relation: writtenName(def.PartitionCmd.name), mode: 'ACCESS EXCLUSIVE' }]
    : [];

/** "fillfactor, toast and autovacuum storage parameters, as well as the planner parameter parallel_workers" */
const isLightOption = ({ defname }: Record<string, unknown>): boolean =>
  /^(fillfactor|parallel_workers|toast_tuple_target|autovacuum_.*)$/.test(String(defname));

/**
 * "Adding a column with a volatile DEFAULT …, a stored generated column, an identity column, or a column with a domain data
 * type that has constraints will require the entire table and its indexes to be rewritten"; any other only the catalogs.
 */
function addedColumnRewrites({ typeName, constraints = [] }: Of<'ColumnDef'>): StatementImpact['rewrites'] {
  const words = wordsOf(typeName?.names);
  if (/^(small|big)?serial[248]?$/.test(words.at(-1) ?? '')) return 'yes';
  const of = constraints.flatMap((one) => ('Constraint' in one ? one.Constraint : []));
  if (of.some(({ contype }) => contype === 'CONSTR_IDENTITY')) return 'yes';
  // A virtual one is not stored; the parser says which since PostgreSQL 18.
  if (of.some(({ contype }) => contype === 'CONSTR_GENERATED')) return isVirtual(of) ? 'no' : 'yes';
  const defaults = of.filter(({ contype }) => contype === 'CONSTR_DEFAULT');
  const isBuiltIn = words.length === 2 ? words[0] === 'pg_catalog' : BUILT_IN.has(words[0] ?? '');
  if (!isBuiltIn) return 'unknown';
  return defaults.length === 0 ? 'no' : defaultRewrites(defaults);
}

const isVirtual = (constraints: readonly Of<'Constraint'>[]): boolean =>
  constraints.some((one) => Reflect.get(one, 'generated_kind') === 'v');

function defaultRewrites(expression: unknown): StatementImpact['rewrites'] {
  const functions = collect(expression, 'funcname').map(
    ({ funcname }) => wordsOf(funcname as Of<'FuncCall'>['funcname']).at(-1) ?? '',
  );
  if (functions.some((name) => VOLATILE.has(name))) return 'yes';
  return functions.every((name) => NOT_VOLATILE.has(name)) ? 'no' : 'unknown';
}

/** pg_proc.provolatile of PostgreSQL's own. */
const VOLATILE = new Set([
  'random',
  'clock_timestamp',
  'timeofday',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'nextval',
]);
const NOT_VOLATILE = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'lower',
  'upper',
  'to_char',
  'date_trunc',
]);

/** Types of pg_catalog that are written without it; no domain can hide behind them. */
const BUILT_IN = new Set([
  'text',
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'bool',
  'varchar',
  'bpchar',
  'timestamptz',
  'timetz',
  'uuid',
  'json',
  'jsonb',
  'bytea',
  'date',
  'inet',
  'cidr',
  'xml',
  'tsvector',
  'money',
  'point',
  'name',
  'oid',
]);
