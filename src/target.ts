/** What a migration runs for. Migrations in TypeScript and JavaScript import it. */
export interface Target {
  readonly scope: 'tenant' | 'shard' | 'veneer';
  /** The tenant's name; reading it throws in a migration of another scope. */
  readonly tenant: string;
  /** The tenant's schema on its shard; reading it throws in a migration of another scope. */
  readonly schema: string;
  /** The shard's name; reading it throws in a migration of a veneer. */
  readonly shard: string;
  /** The veneer's name; reading it throws in a migration of another scope. */
  readonly veneer: string;
}

/**
 * What a migration runs for right now, from the builder that its action got: `const { tenant, shard } = target(pgm)`.
 * A migration that reads any of it is built again for each tenant; one that does not is built once for all.
 */
export function target(pgm: object): Target {
  const found: unknown = Reflect.get(pgm, TARGET);
  if (isTarget(found)) return found;
  throw new Error('target(pgm) takes the builder that a migration of pg-veneer was given');
}

/** Under the same key also where a project has a copy of this package of its own. */
const TARGET = Symbol.for('pg-veneer.target');

const isTarget = (value: unknown): value is Target => typeof value === 'object' && value !== null;

/** Tells a builder what it builds for. */
export const setTarget = (pgm: object, value: Target): void =>
  void Object.defineProperty(pgm, TARGET, { value });

type Place = Partial<Target> & Pick<Target, 'scope'>;

/** Names that are there, and an error that says why for those that are not. */
export function targetOf(place: Place): Target {
  const read = (name: 'tenant' | 'schema' | 'shard' | 'veneer'): string => {
    const value = place[name];
    if (value !== undefined) return value;
    throw new Error(`a migration of scope ${place.scope} runs for no one ${name}`);
  };
  return {
    scope: place.scope,
    get tenant() {
      return read('tenant');
    },
    get schema() {
      return read('schema');
    },
    get shard() {
      return read('shard');
    },
    get veneer() {
      return read('veneer');
    },
  };
}
