import type { ExtensionState } from '../../catalog/read-extensions.js';
import type { EnumType, UserType } from '../../catalog/types/type.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import { createType, isMade, type MadeType } from '../../veneer/types/create-type.js';
import { createExtension, type NeededExtension } from '../../veneer/extensions.js';
import { reconcileTypes } from '../../veneer/types/reconcile-types.js';
import type { Drift } from './drift.js';

/** The types that a shard's relations use, and what stands on a veneer under their names. */
export interface TypeComparison {
  readonly shard: string;
  readonly veneer: string;
  /** Under the veneer's names. */
  readonly wanted: readonly UserType[];
  readonly present: readonly UserType[];
  readonly needed: readonly NeededExtension[];
  /** Of the needed extensions, on the veneer. */
  readonly extensions: readonly ExtensionState[];
  /** `extensions` of shards.yaml. */
  readonly listed: readonly string[];
  /** By schema of the veneer: the tenant whose it is. */
  readonly tenants: ReadonlyMap<string, string>;
}

type Difference = Pick<Drift, 'kind' | 'grade' | 'text' | 'consequence'> & Partial<Pick<Drift, 'cure'>>;

/** Differences between a shard's types and a veneer's. Empty exactly when sync has nothing to do about types. Pure. */
export function typeDrift(comparison: TypeComparison): Drift[] {
  const { shard, veneer, wanted, present, tenants } = comparison;
  const there = new Map(present.map((type) => [nameKey(type), type]));
  const types = wanted.filter(isMade).flatMap((type) => {
    const tenant = tenants.get(type.schema);
    const where = { shard, veneer, ...(tenant === undefined ? {} : { tenant }) };
    return differences(type, there.get(nameKey(type))).map((difference): Drift => ({
      cure: 'migrate sync',
      ...difference,
      where,
      object: `type ${display(type)}`,
    }));
  });
  return [...extensionDrift(comparison), ...types];
}

function extensionDrift({ shard, veneer, needed, extensions, listed }: TypeComparison): Drift[] {
  return needed.flatMap((extension): Drift[] => {
    const state = extensions.find(({ name }) => name === extension.name);
    if (state === undefined || state.schema !== null) return [];
    const byUs = state.creatable && listed.includes(extension.name);
    return [
      {
        kind: 'extension',
        grade: 'invisible',
        where: { shard, veneer },
        object: `extension ${extension.name}`,
        text: 'columns of the shard have a type of it, and the veneer does not have it',
        consequence: 'relations with such a column cannot be shown',
        cure: byUs ? 'migrate sync' : `on ${veneer}: ${createExtension(extension)}; then migrate sync`,
      },
    ];
  });
}

function differences(wanted: MadeType, present: UserType | undefined): Difference[] {
  if (present === undefined) {
    return [
      {
        kind: 'missing type',
        grade: 'invisible',
        text: `the shard has it, the veneer does not: ${createType(wanted)}`,
        consequence: 'columns of this type cannot be shown',
      },
    ];
  }
  if (!isMade(present) || present.kind !== wanted.kind) return [otherMeaning(wanted, present)];
  if (wanted.kind === 'enum' && present.kind === 'enum') return labelDifferences(wanted, present);
  const plan = reconcileTypes({ wanted: [wanted], present: [present], moves: [] });
  return plan.before.length === 0 ? [] : [otherBody(wanted, present)];
}

const otherMeaning = (wanted: UserType, present: UserType): Difference => ({
  kind: 'type',
  grade: 'error',
  text: `a ${present.kind} on the veneer, a ${wanted.kind} on the shard`,
  consequence: 'values of the shard are read as something that they are not, or not at all',
  ...(isMade(present) ? {} : { cure: 'rename or drop it on the veneer, then migrate sync' }),
});

function labelDifferences(wanted: EnumType, present: EnumType): Difference[] {
  const missing = wanted.labels.filter((label) => !present.labels.includes(label));
  const extra = present.labels.filter((label) => !wanted.labels.includes(label));
  const common = present.labels.filter((label) => wanted.labels.includes(label));
  const inOrder = wanted.labels.filter((label) => common.includes(label));
  return [
    ...(common.every((label, index) => label === inOrder[index]) ? [] : [labelOrder(wanted, present)]),
    ...(missing.length === 0 ? [] : [missingLabels(missing)]),
    ...(extra.length === 0 ? [] : [extraLabels(extra)]),
  ];
}

const labelOrder = (wanted: EnumType, present: EnumType): Difference => ({
  kind: 'label order',
  grade: 'wrong answers',
  text: `${present.labels.join(' < ')} on the veneer, ${wanted.labels.join(' < ')} on the shard`,
  consequence: 'comparisons and ORDER BY that the veneer evaluates give another answer than the shard would',
});

const missingLabels = (labels: readonly string[]): Difference => ({
  kind: 'missing label',
  grade: 'error',
  text: `the veneer does not have ${labels.join(', ')}`,
  consequence: 'every read of a row that has such a value fails: invalid input value for enum',
});

const extraLabels = (labels: readonly string[]): Difference => ({
  kind: 'extra label',
  grade: 'writes break',
  text: `the shard does not have ${labels.join(', ')}`,
  consequence: 'a write of such a value through the veneer fails on the shard',
});

/** A composite's attributes and a range's order decide what is read; a domain's checks, whether. */
const otherBody = (wanted: MadeType, present: MadeType): Difference => ({
  kind: 'type',
  grade: wanted.kind === 'domain' ? 'error' : 'wrong answers',
  text: `${createType(present)} on the veneer, ${createType(wanted)} on the shard`,
  consequence:
    wanted.kind === 'domain'
      ? 'a value that the veneer would not allow makes the read of its row fail, or a write is refused too late'
      : 'values are taken apart, compared or sorted in another way than on the shard, or cannot be read',
});
