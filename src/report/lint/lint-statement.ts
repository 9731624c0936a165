import type { Node } from 'libpg-query';
import type { Scope } from '../../migrations/migration.js';
import { LOCK_MODES, type LockMode } from '../../migrations/sql/lock-modes.js';
import { MARKER } from '../../migrations/sql/no-transaction-marker.js';
import {
  addsColumn,
  cascades,
  renameIn,
  requiredIn,
  workedThrough,
} from '../../migrations/sql/statement-changes.js';
import type { StatementEffects } from '../../migrations/sql/statement-effects.js';
import { lossesOfNode, lossText } from '../../migrations/sql/statement-losses.js';
import { scansIn, type TableScan } from '../../migrations/sql/table-scans.js';
import { breaks } from '../../veneer/writes.js';
import { DATA_ADVICE, EXPAND, HELD } from './lint-data.js';
import type { LintAdvice, LintRule } from '../lint.js';
import { limitText } from '../writes.js';

/** A statement of a migration, and what stands before it there. */
export interface SeenStatement {
  readonly node: Node;
  readonly effects: StatementEffects;
  readonly scope: Scope;
  /** Has the fleet any? Else nobody writes through one. */
  readonly veneers: boolean;
  /** Relations that the same migration has made: nobody else uses them yet. */
  readonly made: ReadonlySet<string>;
  /** Locks that the same transaction holds already, by relation; none where each statement commits by itself. */
  readonly held: ReadonlyMap<string, LockMode>;
}

/** What there is to say about a statement, by its parse tree alone. Pure. */
export const adviceFor = (seen: SeenStatement): LintAdvice[] =>
  [data, rewrite, scans, lockHeld, rename, required, writes, cascade, unseen].flatMap((rule) => rule(seen));

const warning = (rule: LintRule, text: string, why: string, instead: string | null): LintAdvice => ({
  level: 'warning',
  rule,
  text,
  why,
  instead,
});

const unknown = (rule: LintRule, text: string, why: string, instead: string | null): LintAdvice => ({
  ...warning(rule, text, why, instead),
  level: 'unknown',
});

const data = ({ node, made }: SeenStatement): LintAdvice[] =>
  (lossesOfNode(node) ?? [])
    .filter(({ relation }) => !made.has(relation))
    .map((loss) => warning('data', lossText(loss), ...DATA_ADVICE[loss.kind]));

const ALONE =
  'nobody reads or writes it until it is done, on the shard or through a veneer, and readers that have an older snapshot are waited for (policy.rewrites)';

/** What empties a table, or converts a column, is told as that. */
function rewrite({ node, effects: { rewrites, locks }, made }: SeenStatement): LintAdvice[] {
  const relations = locks.filter(({ mode }) => mode === 'ACCESS EXCLUSIVE').map(({ relation }) => relation);
  const losses = (lossesOfNode(node) ?? []).map(({ kind }) => kind);
  if (rewrites === 'no' || losses.includes('empties') || relations.every((one) => made.has(one))) return [];
  const what = relations.join(', ');
  const instead = plainly(node);
  if (rewrites === 'yes') return [warning('rewrite', `writes ${what} anew`, `${ALONE}; ${HELD}`, instead)];
  if (losses.includes('converts column')) return [];
  const text = `may write ${what} anew, which the catalogs decide`;
  return [unknown('rewrite', text, `then ${ALONE}`, instead)];
}

/** The way that needs no rewrite; null: none is known. */
function plainly(node: Node): string | null {
  if ('RefreshMatViewStmt' in node)
    return 'REFRESH MATERIALIZED VIEW CONCURRENTLY, where it has a unique index';
  return addsColumn(node)
    ? 'add it plain, without what gives each row a value; then SET DEFAULT, and a backfill (docs/expand-contract.md)'
    : null;
}

const scans = ({ node, made }: SeenStatement): LintAdvice[] =>
  scansIn(node)
    .filter(({ relation }) => !made.has(relation))
    .map((scan) => {
      const { relation, lock, why, sure } = scan;
      const who = lock === 'ACCESS EXCLUSIVE' ? 'reads or writes' : 'writes';
      const suffers = `nobody ${who} it meanwhile; ${HELD}`;
      return sure === 'yes'
        ? warning('scan', `${why}: reads all of ${relation} under ${lock}`, suffers, SCAN_ADVICE[why])
        : unknown(
            'scan',
            `${why}: reads all of ${relation} under ${lock}, unless a valid CHECK says already that its rows are right`,
            `else ${suffers}`,
            SCAN_ADVICE[why],
          );
    });

const SCAN_ADVICE: Readonly<Record<TableScan['why'], string>> = {
  'builds an index': `CREATE [UNIQUE] INDEX CONCURRENTLY in a migration of its own, marked "${MARKER}"; a constraint then takes it by USING INDEX`,
  'checks a constraint': `ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a migration of its own, marked "${MARKER}"`,
  'looks for NULL': `first ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, and VALIDATE it in a migration of its own, marked "${MARKER}" (docs/expand-contract.md)`,
  'compares with the bounds': `first ADD CONSTRAINT … CHECK with the bounds, NOT VALID, and VALIDATE it in a migration of its own, marked "${MARKER}"`,
};

/** From SHARE on a lock stops those who write. */
const stopsWriters = (mode: LockMode): boolean => LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf('SHARE');

const lockHeld = ({ node, held, made }: SeenStatement): LintAdvice[] =>
  workedThrough(node).flatMap((relation) => {
    const mode = held.get(relation);
    if (mode === undefined || made.has(relation) || !stopsWriters(mode)) return [];
    const why = `whoever needs it waits for all rows, and not only for the change of its definition; ${HELD}`;
    return [
      warning(
        'lock held',
        `goes through rows of ${relation} while this migration holds ${mode} on it`,
        why,
        'give it a migration of its own, behind this one',
      ),
    ];
  });

function rename({ node, made }: SeenStatement): LintAdvice[] {
  const found = renameIn(node);
  if (found === null || made.has(found.relation)) return [];
  const { relation, column, to } = found;
  const what = column === null ? relation : `${relation}.${column}`;
  const why =
    'code of the release before fails from then on, through the veneer too, and code of the next one until then';
  return [
    warning(
      'rename',
      `renames ${what} to ${to}`,
      why,
      column === null
        ? 'a view of the old name beside it until the old code is gone (docs/expand-contract.md)'
        : EXPAND,
    ),
  ];
}

const required = ({ node, made }: SeenStatement): LintAdvice[] =>
  requiredIn(node)
    .filter(({ relation }) => !made.has(relation))
    .map(({ relation, column }) =>
      warning(
        'required column',
        `adds ${relation}.${column} NOT NULL without a default`,
        'it fails where the table has a row, and INSERTs of the release before fail from then on',
        'give it a constant default, or add it without NOT NULL, fill it in, and require it later (docs/expand-contract.md)',
      ),
    );

/** What a veneer itself has is written without one. */
const writes = ({ scope, veneers, effects }: SeenStatement): LintAdvice[] =>
  scope === 'veneer' || !veneers
    ? []
    : effects.writes.map(({ relation, ...limit }) =>
        warning(
          'writes',
          `INSERTs into ${relation} through the veneer suffer: ${limitText(limit)}`,
          breaks(limit)
            ? 'an INSERT that works on the shard fails through the veneer, which sends every column'
            : 'an INSERT through the veneer stores something else than one on the shard: the veneer sends every column',
          'a default that can be copied, as gen_random_uuid(), now() or a constant; or code that gives the value (docs/design.md#6-definitions)',
        ),
      );

const cascade = ({ node }: SeenStatement): LintAdvice[] =>
  cascades(node)
    ? [
        unknown(
          'cascade',
          'takes along by CASCADE what depends on it, which the catalogs tell',
          'what goes is different on a shard where somebody has added something',
          'name what is to go, in an order that needs no CASCADE',
        ),
      ]
    : [];

/** Calls, DO, and statements of which nothing is known. */
const unseen = ({ node, effects }: SeenStatement): LintAdvice[] =>
  lossesOfNode(node) === null && effects.others === 'unknown' && effects.rewrites !== 'yes' && !cascades(node)
    ? [
        unknown(
          'unseen',
          'does what its text does not tell: locks and losses are not known',
          'it runs for every tenant of a step in one transaction',
          null,
        ),
      ]
    : [];
