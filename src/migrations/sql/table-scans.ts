import type { Node } from 'libpg-query';
import type { LockMode } from './lock-modes.js';
import { writtenName, type Of } from './parse-tree.js';

/** That a statement reads all rows of a table while it holds a lock that stops others. */
export interface TableScan {
  /** As the statement writes it. */
  readonly relation: string;
  readonly lock: LockMode;
  readonly why: 'builds an index' | 'checks a constraint' | 'looks for NULL' | 'compares with the bounds';
  /** `unknown`: it need not, where a constraint of the catalogs says that all rows are right already. */
  readonly sure: 'yes' | 'unknown';
}

/**
 * What a statement reads whole, by the parse tree and PostgreSQL's documentation
 * (https://www.postgresql.org/docs/current/sql-altertable.html, Notes; sql-createindex.html). What only reads beside others, as
 * VALIDATE CONSTRAINT and CREATE INDEX CONCURRENTLY, is none. Pure.
 */
export function scansIn(node: Node): TableScan[] {
  if ('IndexStmt' in node) return indexScan(node.IndexStmt);
  if (!('AlterTableStmt' in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  const table = relation === undefined ? '' : writtenName(relation);
  return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? commandScans(table, cmd.AlterTableCmd) : []));
}

const indexScan = ({ relation, concurrent }: Of<'IndexStmt'>): TableScan[] =>
  relation === undefined || concurrent === true
    ? []
    : [{ relation: writtenName(relation), lock: 'SHARE', why: 'builds an index', sure: 'yes' }];

function commandScans(relation: string, { subtype, def }: Of<'AlterTableCmd'>): TableScan[] {
  const lock = 'ACCESS EXCLUSIVE';
  switch (subtype) {
    case 'AT_SetNotNull':
      return [{ relation, lock, why: 'looks for NULL', sure: 'unknown' }];
    case 'AT_AddConstraint':
      return def !== undefined && 'Constraint' in def ? constraintScan(relation, def.Constraint) : [];
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def ? columnScans(relation, def.ColumnDef) : [];
    case 'AT_AttachPartition':
      return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.name !== undefined
        ? [
            {
              relation: writtenName(def.PartitionCmd.name),
              lock,
              why: 'compares with the bounds',
              sure: 'unknown',
            },
          ]
        : [];
    default:
      return [];
  }
}

function constraintScan(
  relation: string,
  { contype = 'CONSTR_NULL', skip_validation, indexname, is_enforced }: Of<'Constraint'>,
): TableScan[] {
  const one = (why: TableScan['why'], lock: LockMode = 'ACCESS EXCLUSIVE'): TableScan[] => [
    { relation, lock, why, sure: 'yes' },
  ];
  if (INDEXED.has(contype)) return indexname === undefined ? one('builds an index') : [];
  if (skip_validation === true || (CHECKED.has(contype) && is_enforced !== true)) return [];
  if (contype === 'CONSTR_FOREIGN') return one('checks a constraint', 'SHARE ROW EXCLUSIVE');
  if (contype === 'CONSTR_NOTNULL') return one('looks for NULL');
  return contype === 'CONSTR_CHECK' ? one('checks a constraint') : [];
}

const INDEXED: ReadonlySet<string> = new Set(['CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_EXCLUSION']);
/** Those that may be NOT ENFORCED, since PostgreSQL 18. */
const CHECKED: ReadonlySet<string> = new Set(['CONSTR_CHECK', 'CONSTR_FOREIGN']);

/** In a new column without a default there is nothing that a foreign key would have to look for; NOT NULL reads nothing there. */
function columnScans(relation: string, { constraints = [] }: Of<'ColumnDef'>): TableScan[] {
  const list = constraints.flatMap((one) => ('Constraint' in one ? [one.Constraint] : []));
  const isFilled = list.some(({ contype }) => contype === 'CONSTR_DEFAULT');
  return list
    .filter(({ contype }) => contype !== 'CONSTR_NOTNULL' && (contype !== 'CONSTR_FOREIGN' || isFilled))
    .flatMap((one) => constraintScan(relation, one))
    .map((scan) => ({ ...scan, lock: 'ACCESS EXCLUSIVE' }));
}
