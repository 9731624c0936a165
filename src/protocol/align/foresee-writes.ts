import type { RawColumn, RawRelation } from '../../catalog/relations/read-raw.js';
import { remoteColumnOf, remoteOf, type ForeignTable } from '../../catalog/relations/relation.js';
import { EXIT, VeneerError } from '../../errors.js';
import { oncePerLists } from '../../once-per-lists.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isOurs, type ExposedRelation } from '../../veneer/exposure/definition.js';
import {
  breaks,
  limitsOf,
  limitsOnce,
  newLimits,
  setByHand,
  writeLimits,
  type WriteForecast,
  type WriteLimit,
} from '../../veneer/writes.js';
import type { Lane } from '../lane/lane.js';
import type { ShardChanges } from '../shard/shard-changes.js';

/**
 * The INSERTs through a veneer that worked before a migration and will not, or will store something else. `tables` is
 * what it showed of the touched relations, before anything is locked there. Pure. Throws (exit 20) where policy.writes refuses them.
 */
export function foreseeWrites(
  lane: Lane,
  veneer: Session,
  changes: ShardChanges,
  tables: readonly ForeignTable[],
): readonly WriteForecast[] {
  const { policy } = lane.run.config;
  if (policy.writes === 'allow') return [];
  const { version } = veneer.server;
  const limitsFor = limitsOnce(version);
  const limited = changes.exposed.filter((one) => limitsFor(one, null).length > 0);
  const beforeOf = finder(changes.before);
  const known = limited.flatMap((one) => {
    const before = beforeOf(one.relation);
    return before === undefined ? [] : [{ ...one, before }];
  });
  if (known.length === 0) return [];
  const ours = tables.filter((table) => isOurs(changes.exposure, table));
  const byRemote = new Map(ours.map((table) => [nameKey(remoteOf(table)), table]));
  const once = oncePerLists<WriteLimit[]>();
  const forecasts = known.flatMap(({ before, ...after }) => {
    const present = byRemote.get(nameKey(before));
    if (present === undefined) return [];
    const { relation, definition } = after;
    const [isSame, isBehind] = [before.oid === relation.oid, definition.partition !== null];
    const limits = once(
      [before.columns, present.columns, relation.columns],
      [before.kind, relation.kind, relation.insertable, isSame, isBehind].join(' '),
      () => limitsThatAreNew(before, present, after, version),
    );
    const { schema, name, tenant } = definition;
    return limits.length === 0 ? [] : [{ table: { schema, name }, tenant, limits }];
  });
  if (policy.writes === 'refuse') refuse(veneer.member, forecasts);
  return forecasts;
}

/** What a relation was: by oid, or one of its name that it took the place of. */
function finder(
  before: readonly RawRelation[],
): (relation: ExposedRelation['relation']) => RawRelation | undefined {
  const byOid = new Map(before.map((was) => [was.oid, was]));
  const byName = new Map(before.map((was) => [nameKey(was), was]));
  return (relation) => byOid.get(relation.oid) ?? byName.get(nameKey(relation));
}

/** Both sides name a column as it is called afterwards. Pure. */
function limitsThatAreNew(
  before: RawRelation,
  present: ForeignTable,
  after: ExposedRelation,
  version: number,
): WriteLimit[] {
  const now = new Map(after.relation.columns.map(({ attnum, name }) => [attnum, name]));
  const isSame = before.oid === after.relation.oid;
  const nameOf = ({ attnum, name }: RawColumn): string => (isSame ? now.get(attnum) : undefined) ?? name;
  const renamed = new Map(before.columns.map((column) => [column.name, nameOf(column)] as const));
  const columns = before.columns.map((column) => ({
    ...column,
    name: nameOf(column),
    notNull: column.isRequired,
    expression: null,
  }));
  const given = present.columns
    .filter((column) => column.default !== null)
    .map((column) => renamed.get(remoteColumnOf(column)) ?? '');
  // Whether a view took an INSERT cannot be asked while its lock is held: it is taken for one that did not.
  const insertable = before.kind !== 'v' && before.kind !== 'm';
  const byHand = new Set(setByHand(present).map((name) => renamed.get(name) ?? name));
  return newLimits(
    writeLimits({ kind: before.kind, insertable }, columns, new Set(given)),
    limitsOf(after, byHand, version),
  );
}

function refuse(member: string, forecasts: readonly WriteForecast[]): void {
  const broken = forecasts.flatMap(({ table, tenant, limits }) =>
    limits.filter(breaks).map((limit) => ({ table, tenant, limit })),
  );
  const [first] = broken;
  if (first === undefined) return;
  const { table, limit } = first;
  const what = limit.column === null ? display(table) : `${display(table)}.${limit.column}`;
  throw new VeneerError(
    `INSERTs through the veneer that work now would fail, and policy.writes refuses that: ${what}: ${limit.effect}, ${limit.why}`,
    {
      exitCode: EXIT.failed,
      where: { member, ...(first.tenant === null ? {} : { tenant: first.tenant }) },
      ...(broken.length === 1 ? {} : { detail: `and ${broken.length - 1} more of this kind` }),
      hint: 'give the column a default that a veneer can evaluate, or set policy.writes to warn',
    },
  );
}
