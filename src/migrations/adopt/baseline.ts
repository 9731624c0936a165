import type { TenantConfig } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { LedgerEntry } from '../ledger/ledger.js';
import { isRepeatable } from '../migration-names.js';
import { labelOf, type Migration } from '../migration.js';
import { oddOnes, type OddOne } from './odd-ones.js';
import { matchHistory, type HistoryEntry } from './foreign-history.js';

/** What is known of one tenant before it is adopted. */
export interface TenantFacts {
  readonly tenant: TenantConfig;
  readonly selected: boolean;
  /** What another tool recorded; null: it has no such table there. Not asked with --to. */
  readonly history: readonly HistoryEntry[] | null;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  /** Null: the schema is empty or not there. */
  readonly shape: string | null;
}

/** Where the list of what is applied comes from. */
export type BaselineSource =
  { readonly kind: 'history'; readonly table: string } | { readonly kind: 'to'; readonly name: string };

/** What is known of the fleet to be adopted. */
export interface BaselineInput {
  /** All of the folder, in their order. */
  readonly migrations: readonly Migration[];
  /** All of the fleet that could be read: siblings are compared whether they are selected or not. */
  readonly tenants: readonly TenantFacts[];
  readonly source: BaselineSource;
}

/** What is to be recorded, decided before anything is. */
export interface BaselinePlan {
  /** The selected tenants. */
  readonly tenants: readonly TenantBaseline[];
  readonly problems: readonly Problem[];
  /** Tenants whose shape is not their siblings', with one of these. */
  readonly odd: readonly { readonly tenant: TenantConfig; readonly sibling: TenantConfig }[];
  readonly notices: readonly string[];
}

/** What adopting would record of one tenant. */
export interface TenantBaseline {
  readonly tenant: TenantConfig;
  readonly record: readonly Migration[];
  /** Not applied, and not to be recorded. */
  readonly pending: readonly Migration[];
  readonly refused: boolean;
}

/**
 * What adopting the fleet would record, and why a tenant may not be adopted: records without a file, failed ones, tables
 * without records, or a shape that is not that of the other tenants with the same migrations. Pure.
 */
export function planBaseline({ migrations: all, ...given }: BaselineInput): BaselinePlan {
  const migrations = all.filter(({ scope, name }) => scope === 'tenant' && !isRepeatable(name));
  const input = { ...given, migrations };
  const states = input.tenants.map((facts) => stateOf(facts, input));
  const selected = states.filter(({ facts }) => facts.selected);
  const refusals = selected.flatMap((state) => state.refusals.map((refusal) => ({ ...refusal, state })));
  const odd = oddTenants(states).filter(({ one }) => one.facts.selected);
  const refused = new Set([...refusals.map(({ state }) => state), ...odd.map(({ one }) => one)]);
  return {
    tenants: selected.map((state) => ({
      tenant: state.facts.tenant,
      record: state.record,
      pending: state.pending,
      refused: refused.has(state),
    })),
    problems: merged(refusals.map(({ message, hint, state }) => ({ message, hint, tenant: nameOf(state) }))),
    odd: odd.map(({ one, sibling }) => ({ tenant: one.facts.tenant, sibling: sibling.facts.tenant })),
    notices: [...lateNotices(selected, input), ...otherScopes(all)],
  };
}

interface State {
  readonly facts: TenantFacts;
  readonly record: readonly Migration[];
  readonly pending: readonly Migration[];
  readonly refusals: readonly { readonly message: string; readonly hint: string }[];
}

const nameOf = ({ facts }: State): string => facts.tenant.name;

function stateOf(facts: TenantFacts, { migrations, source }: BaselineInput): State {
  const { applied, refusals } =
    source.kind === 'to' ? upTo(migrations, source.name) : adopted(facts, migrations, source.table);
  const record = applied.filter(({ name }) => !facts.ledger.has(name));
  const known = new Set(applied);
  const pending = migrations.filter((one) => !known.has(one) && !isApplied(facts, one));
  return { facts, record, pending, refusals };
}

const isApplied = ({ ledger }: TenantFacts, { name }: Migration): boolean =>
  ledger.get(name)?.state === 'applied';

type Adopted = Pick<State, 'refusals'> & { readonly applied: readonly Migration[] };

const upTo = (migrations: readonly Migration[], last: string): Adopted => ({
  applied: migrations.slice(0, migrations.findIndex(({ name }) => name === last) + 1),
  refusals: [],
});

function adopted(
  { history, shape, ledger }: TenantFacts,
  migrations: readonly Migration[],
  table: string,
): Adopted {
  if (history === null) {
    const isNew = shape === null || ledger.size > 0;
    return {
      applied: [],
      refusals: isNew
        ? []
        : [
            {
              message: `there are tables, but no ${table}`,
              hint: 'say what is applied there: --to NAME --tenant NAME',
            },
          ],
    };
  }
  const { recorded, missing, failed } = matchHistory(history, migrations);
  return {
    applied: recorded,
    refusals: [
      ...missing.map((name) => ({
        message: `${name} is recorded in ${table}, but has no file here`,
        hint: 'put the file back into the folder of migrations, or rename it to what was recorded',
      })),
      ...failed.map((script) => ({
        message: `${script} failed, as ${table} says`,
        hint: 'bring it to its end, or repair that record, with the tool that wrote it',
      })),
    ],
  };
}

/** Of the tenants with the same migrations those with another shape than most. */
const oddTenants = (states: readonly State[]): OddOne<State>[] =>
  oddOnes(
    states.filter(({ facts, record }) => facts.ledger.size + record.length > 0),
    { history: siblingsKey, shape: ({ facts }) => facts.shape },
  );

const siblingsKey = ({ facts, record }: State): string =>
  JSON.stringify(
    [...facts.ledger.keys(), ...record.map(({ name }) => name)]
      .filter((name) => !isRepeatable(name))
      .toSorted(),
  );

/** Files that the other tool did not run, and that come before one that it did: `up` refuses them. */
function lateNotices(states: readonly State[], { migrations }: BaselineInput): string[] {
  const late = states.flatMap((state) => {
    const last = migrations.findLastIndex((one) => state.record.includes(one));
    return state.pending
      .filter((one) => migrations.indexOf(one) < last)
      .map(({ name }) => ({ message: name, tenant: nameOf(state) }));
  });
  return [...groupBy(late, ({ message }) => message)].map(
    ([name, list]) =>
      `${name} was not applied, and sorts before what was: policy.out_of_order decides about it (${few(list)})`,
  );
}

const otherScopes = (migrations: readonly Migration[]): string[] => {
  const others = migrations.filter(({ scope }) => scope !== 'tenant').map(labelOf);
  return others.length === 0
    ? []
    : [
        `only migrations for tenants are recorded; ${others.join(', ')}: migrate up runs them where they are pending`,
      ];
};

interface TenantProblem {
  readonly message: string;
  readonly hint: string;
  readonly tenant: string;
}

/** One problem per message, with its tenants, however many tenants share it. */
const merged = (problems: readonly TenantProblem[]): Problem[] =>
  [...groupBy(problems, ({ message }) => message).values()].map((list) => ({
    message: `${list[0]?.message} (${few(list)})`,
    exitCode: EXIT.failed,
    ...(list.length === 1 ? { where: { tenant: list[0]?.tenant ?? '' } } : {}),
    hint: list[0]?.hint ?? '',
  }));

const few = (list: readonly { readonly tenant: string }[]): string =>
  list
    .slice(0, 3)
    .map(({ tenant }) => tenant)
    .join(', ') + (list.length > 3 ? ` and ${list.length - 3} more` : '');
