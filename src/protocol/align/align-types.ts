import { readUnused } from '../../catalog/types/read-type-users.js';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { createExtension } from '../../veneer/extensions.js';
import { dropType, type TypeChange } from '../../veneer/types/reconcile-types.js';
import { OTHER, tagged, type VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import { runNamed } from '../lane/name-cancelled.js';
import { closeGate } from './gate.js';
import type { Lane } from '../lane/lane.js';
import { aroundRetype, clearTheWay } from './retype.js';
import { runBatched } from './run-batched.js';
import type { TypeWork } from './type-work.js';

/**
 * Brings schemas, extensions and types of a veneer in line, in its open transaction, before its foreign tables are
 * changed. Answers the statements.
 */
export async function alignTypes(
  lane: Lane,
  veneer: Session,
  work: TypeWork,
  budget: Budget,
): Promise<VeneerStatement[]> {
  await clearTheWay(
    veneer,
    budget,
    work.types.before
      .flatMap(({ columns = [] }) => columns)
      .map(({ relation, column }) => ({ relation, column, fate: 'retype' })),
  );
  await closeGate(lane, veneer, work, budget);
  const first = firstStatements(lane.run.config, work);
  if (first.length > 0) await runNamed(veneer, budget.limits(veneer), first);
  return [...tagged(OTHER, first), ...(await runTypeChanges(lane, veneer, work.types.before, budget))];
}

/** Schemas and extensions, which types need. Pure. */
export const firstStatements = (config: Config, { schemas, extensions }: TypeWork): string[] => [
  ...schemas.flatMap((schema) => makeSchema(config, schema)),
  ...extensions.map(createExtension),
];

/** What nothing is made of any more, once the foreign tables have changed. Answers the statements. */
export async function dropLeftTypes(
  lane: Lane,
  veneer: Session,
  work: TypeWork,
  budget: Budget,
): Promise<VeneerStatement[]> {
  const replaced = await runTypeChanges(lane, veneer, work.types.after, budget);
  const dropped: VeneerStatement[] = [];
  let leaving = work.leaving;
  while (leaving.length > 0) {
    const unused = await readUnused(
      veneer,
      leaving.map(({ oid }) => oid),
    );
    const drops = leaving.filter(({ oid }) => unused.has(oid)).map((type) => dropType(type, type));
    if (drops.length === 0) break;
    dropped.push(...(await runTypeChanges(lane, veneer, drops, budget)));
    leaving = leaving.filter(({ oid }) => !unused.has(oid));
  }
  return [...replaced, ...dropped];
}

/** Whoever reads the fleet's tables may name their types. */
const makeSchema = ({ roles }: Config, schema: string): string[] => [
  `CREATE SCHEMA ${ident(schema)}`,
  ...roles
    .filter(({ grant }) => grant.length > 0)
    .map(({ name }) => `GRANT USAGE ON SCHEMA ${ident(schema)} TO ${ident(name)}`),
];

/** In order; what has views above it put aside runs by itself. */
async function runTypeChanges(
  lane: Lane,
  veneer: Session,
  changes: readonly TypeChange[],
  budget: Budget,
): Promise<VeneerStatement[]> {
  const done: VeneerStatement[] = [];
  const run = async (some: readonly TypeChange[]): Promise<VeneerStatement[]> =>
    tagged(OTHER, await runBatched(veneer, budget, some, { waits: () => true, explain }));
  let plain: TypeChange[] = [];
  for (const change of changes) {
    const { columns = [] } = change;
    if (columns.length === 0) {
      plain.push(change);
      continue;
    }
    done.push(...(await run(plain)));
    plain = [];
    done.push(...(await retype(lane, veneer, budget, change, () => run([change]))));
  }
  return [...done, ...(await run(plain))];
}

/** An error of the change itself is explained already, by the batch that it ran in. */
async function retype(
  { run }: Lane,
  veneer: Session,
  budget: Budget,
  change: TypeChange,
  work: () => Promise<VeneerStatement[]>,
): Promise<VeneerStatement[]> {
  let explained: unknown = null;
  const noted = async (): Promise<VeneerStatement[]> => {
    try {
      return await work();
    } catch (error) {
      explained = error;
      throw error;
    }
  };
  try {
    return await aroundRetype(run.config, veneer, budget, change.columns ?? [], noted);
  } catch (error) {
    throw error === explained ? error : explain(error, change);
  }
}

function explain(error: unknown, { type, kind }: TypeChange): unknown {
  if (!(error instanceof VeneerError)) return error;
  const hint =
    kind === 'replace' && isState(error, SQLSTATE.dependentObjects) ? RANGE_IN_USE : hintFor(error);
  if (hint === null) return error;
  return new VeneerError(`type ${display(type)} cannot be made or changed on the veneer: ${error.message}`, {
    ...error.facts,
    exitCode: EXIT.failed,
    hint,
  });
}

const RANGE_IN_USE =
  'a range cannot be made anew while a local table, a default, or another type has it: change or drop that on the veneer first';

function hintFor(error: VeneerError): string | null {
  if (isState(error, SQLSTATE.undefinedFunction, SQLSTATE.undefinedObject))
    return 'create it on the veneer first, as the shard has it; or use a type that does without';
  if (isState(error, SQLSTATE.undefinedSchema)) return 'migrate setup makes the schemas of the veneer';
  if (isState(error, SQLSTATE.dependentObjects, SQLSTATE.featureNotSupported))
    return 'change or drop what depends on it on the veneer first; nothing is ever dropped by CASCADE';
  return isState(error, SQLSTATE.insufficientPrivilege)
    ? 'the runner must own the types that it changes, and may create in the schemas of its veneer'
    : null;
}

/** Throws (exit 1) where types that were brought in line would be changed again. */
export function refuseUnaligned(member: string, { types }: TypeWork): void {
  const left = [...types.before, ...types.after].flatMap(({ statements }) => statements);
  if (left.length === 0) return;
  throw new VeneerError(`${member} would still differ: ${left.join('; ')}`, {
    exitCode: EXIT.bug,
    where: { member },
    hint: 'nothing was committed; this is a fault of pg-veneer, please report it with the migration',
  });
}
