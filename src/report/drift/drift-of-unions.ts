import type { PresentUnion } from '../../catalog/unions/read-unions.js';
import { display } from '../../postgres/identifiers.js';
import { unionsAmiss, type UnionFacts, type UnionShape } from '../../veneer/unions.js';
import type { Drift } from './drift.js';

/** Views over all tenants that are not what they should be. Empty exactly when sync has nothing to do about them. Pure. */
export const unionDrift = (veneer: string, facts: readonly UnionFacts[]): Drift[] =>
  unionsAmiss(facts).map(({ name, present, shape }): Drift => ({
    cure: 'migrate sync',
    ...difference(present, shape),
    where: { veneer },
    object: display(name),
  }));

type Difference = Pick<Drift, 'kind' | 'grade' | 'text' | 'consequence'> & Partial<Pick<Drift, 'cure'>>;

function difference(present: PresentUnion | undefined, shape: UnionShape): Difference {
  if (present === undefined)
    return {
      kind: 'union view',
      grade: 'error',
      text: 'the view over all tenants is missing',
      consequence: 'queries of it fail: relation does not exist',
    };
  if (present.kind !== 'v')
    return {
      kind: 'name taken',
      grade: 'wrong answers',
      text: `something else bears the name on the veneer (relkind ${present.kind})`,
      consequence: 'reads answer from that relation, not from the tenants',
      cure: 'rename or drop it on the veneer, then migrate sync',
    };
  const text = queryDifference(present, shape);
  if (text !== null)
    return {
      kind: 'union view',
      grade: 'wrong answers',
      text,
      consequence: 'reads over all tenants leave rows or columns out, or show others',
    };
  return {
    kind: 'union view',
    grade: 'wrong answers',
    text: 'the view reads as its owner (security_invoker is off)',
    consequence: 'a role that may see one tenant sees all of them',
  };
}

/** Null where the query is as it should be. */
function queryDifference({ query }: PresentUnion, shape: UnionShape): string | null {
  if (query === null) return 'its query was changed by hand';
  const wanted = new Set(shape.query.map(({ tenant }) => tenant));
  const there = new Set(query.map(({ tenant }) => tenant));
  const missing = [...wanted].filter((tenant) => !there.has(tenant));
  const extra = [...there].filter((tenant) => !wanted.has(tenant));
  if (missing.length > 0) return `it leaves out ${listed(missing)}`;
  if (extra.length > 0) return `it shows ${listed(extra)}, which it should not`;
  const columns = new Set(shape.columns.map(({ name }) => name));
  const shown = new Set(query.flatMap((branch) => branch.columns.map(({ name }) => name)));
  const hidden = [...columns].filter((name) => name !== 'tenant' && !shown.has(name));
  if (hidden.length > 0) return `it leaves out ${listed(hidden)}, which all tenants have`;
  return JSON.stringify(sorted(query)) === JSON.stringify(sorted(shape.query))
    ? null
    : 'its branches are not those of the tenants';
}

const sorted = (query: UnionShape['query']): string[] =>
  query.map((branch) => JSON.stringify(branch)).toSorted();

const NAMED = 5;

const listed = (names: readonly string[]): string =>
  names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ` and ${names.length - NAMED} more` : '');
