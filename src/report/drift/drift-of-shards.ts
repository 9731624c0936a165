import type { TenantConfig } from '../../config/config.js';
import { byGrade, type Drift, type DriftGrade } from './drift.js';
import { baseType } from './drift-of-columns.js';
import { differenceText, type ShapeDifference } from './shapes.js';

/** Differences that the text of one tenant tells; `differences` has all. */
const MOST_TOLD = 5;

/** A tenant whose tables are not those of a sibling with the same migrations. Pure. */
export function oddDrift(
  tenant: TenantConfig,
  sibling: TenantConfig,
  differences: readonly ShapeDifference[],
): Drift {
  const told = differences.slice(0, MOST_TOLD).map(differenceText);
  const more = differences.length > MOST_TOLD ? [`and ${differences.length - MOST_TOLD} more`] : [];
  const [grade = 'cosmetic'] = differences.map((one) => gradeOf(one)).toSorted((a, b) => byGrade({ grade: a }, { grade: b })); // prettier-ignore
  return {
    kind: 'odd tenant',
    grade,
    where: { shard: tenant.shard, tenant: tenant.name },
    object: `tenant ${tenant.name}`,
    text: `not like ${sibling.name}, which has the same migrations: ${[...told, ...more].join('; ') || 'how was not read'}`,
    consequence: SUFFERED[grade],
    cure: `make it like ${sibling.name} by hand, on its shard; then migrate sync`,
    differences,
  };
}

const SUFFERED: Readonly<Record<DriftGrade, string>> = {
  'wrong answers': 'values are rounded, cut or padded in another way than for its siblings',
  error: 'statements that work for its siblings fail for it, and so may the next migration',
  'writes break': 'the same write is taken for its siblings, and refused or stored otherwise for it',
  invisible: 'it has what its siblings do not have; the next migration may fail for it',
  cosmetic: 'the same answers, perhaps slower ones; the next migration may fail for it',
};

function gradeOf({ kind, own, sibling }: ShapeDifference): DriftGrade {
  switch (kind) {
    case 'column':
      return columnGrade(own, sibling);
    case 'index':
      return (own ?? sibling ?? '').startsWith('CREATE UNIQUE') ? 'writes break' : 'cosmetic';
    case 'constraint':
    case 'trigger':
    case 'order of columns':
      return 'writes break';
    default:
      return sibling === null ? 'invisible' : 'error';
  }
}

function columnGrade(own: string | null, sibling: string | null): DriftGrade {
  if (own === null) return 'error';
  if (sibling === null)
    return / NOT NULL(?!.* (DEFAULT|GENERATED) )/.test(own) ? 'writes break' : 'invisible';
  const [mine, theirs] = [typeOf(own), typeOf(sibling)];
  if (mine === theirs) return 'writes break';
  return baseType(mine) === baseType(theirs) ? 'wrong answers' : 'error';
}

const typeOf = (definition: string): string =>
  definition.replace(/ (COLLATE|NOT NULL|DEFAULT|GENERATED).*/s, '');

/** A tenant of which the ledger tells migrations, and of which nothing is there. Pure. */
export const absentDrift = (tenant: TenantConfig, applied: number, schema: 'there' | 'missing'): Drift => ({
  kind: 'absent tenant',
  grade: 'error',
  where: { shard: tenant.shard, tenant: tenant.name },
  object: `tenant ${tenant.name}`,
  text: `its ledger tells of ${applied} migration${applied === 1 ? '' : 's'}, and ${schema === 'missing' ? 'there is no schema' : 'nothing is in the schema'} ${tenant.schema}`,
  consequence: 'every statement about its tables fails: relation does not exist',
  cure: `restore it from a backup; or begin anew: DELETE FROM pgveneer.ledger for it, on its shard, then migrate setup, sync and up`,
});

/** A step that was committed on a shard, as the journal member's history tells. */
export interface CommittedStep {
  readonly shard: string;
  readonly step: string;
  /** As the history names it: `shard/NAME` for one of the shard itself. */
  readonly migration: string;
  /** ISO timestamp. */
  readonly at: string;
}

/** A shard whose ledger does not know its own last step. Pure. */
export const behindDrift = ({ shard, step, migration, at }: CommittedStep): Drift => ({
  kind: 'shard behind',
  grade: 'wrong answers',
  where: { shard },
  object: `shard ${shard}`,
  text: `the history tells that ${migration} was committed there on ${at} (step ${step}), and its ledger does not know it`,
  consequence:
    'it seems restored from a backup: reads answer from an older state, without what was written since',
  cure: `bring ${shard} to a later state; or accept the loss: migrate sync, then migrate up`,
});
