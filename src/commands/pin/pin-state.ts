import { createHash } from 'node:crypto';
import { readShapes } from '../../catalog/relations/read-shapes.js';
import { readShownShapes } from '../../catalog/relations/read-shown-shapes.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { allMembers } from '../../fleet/member.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { entriesOf, type LedgerEntry, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import { labelOf, type Migration, type MigrationBody, type Scope } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { exposureOf, sourceSchemas } from '../../veneer/exposure/exposure.js';
import { readLedgers } from '../common/ledgers.js';
import type { PinnedMigration, PinnedShown, PinnedState, PinnedSubject } from './pin.js';
import { schemasShownOn } from '../setup/setup-veneer.js';
import { ignoredTables } from '../common/shaped-tenants.js';
import { patiently } from '../common/tenant-shapes.js';

export interface StateOf {
  /** Selected, with their selected tenants. */
  readonly shards: readonly ShardConfig[];
  readonly plan: Plan;
  readonly sessionOf: (member: string) => Session;
}

/** What a plan is made for, as it stands now. Reads definitions, and waits rollout.lock_wait for whoever holds one. */
export async function readPinState(
  config: Config,
  { shards, plan, sessionOf }: StateOf,
): Promise<PinnedState> {
  const names = new Set([...config.veneers, ...shards].map(({ name }) => name));
  const ledgers = await readLedgers(config, shards, sessionOf, { absent: 'allow' });
  const onShards = await Promise.all(
    shards.map((shard) => shardSubjects(config, shard, ledgers.get(shard.name) ?? [], sessionOf(shard.name))),
  );
  const onVeneers = await Promise.all(
    config.veneers.map(({ name }) => veneerSubject(config, name, ledgers.get(name) ?? [], sessionOf(name))),
  );
  const shown = await Promise.all(config.veneers.map(({ name }) => shownOn(config, name, sessionOf(name))));
  return {
    members: allMembers(config)
      .filter(({ name }) => names.has(name))
      .map(({ name, role }) => {
        const { systemIdentifier, databaseOid } = sessionOf(name).server;
        return { member: name, role, systemIdentifier, databaseOid };
      }),
    migrations: plan.order.map(pinnedMigration),
    subjects: [...onShards.flat(), ...onVeneers],
    shown: shown.flat(),
  };
}

const pinnedMigration = (migration: Migration): PinnedMigration => ({
  migration: labelOf(migration),
  file: migration.file,
  checksum: migration.checksum,
  statements: compiled(migration.body, migration.verify),
});

/** A migration may read a module, or a variable, of which its own file's checksum knows nothing. */
function compiled(...bodies: readonly (MigrationBody | undefined)[]): string | null {
  const texts = bodies.flatMap((body) =>
    body === undefined ? [] : [body.kind === 'static' ? body.statements : null],
  );
  return texts.includes(null) ? null : digest(texts.map((list) => list?.map(({ sql }) => sql)));
}

async function shardSubjects(
  config: Config,
  shard: ShardConfig,
  ledger: readonly LedgerGroup[],
  session: Session,
): Promise<PinnedSubject[]> {
  const tenants = entriesOf(ledger, 'tenant');
  const whole = config.shards.find(({ name }) => name === shard.name) ?? shard;
  const ofTenants = new Set(whole.tenants.map(({ schema }) => schema));
  const own = sourceSchemas(exposureOf(config, whole)).filter((schema) => !ofTenants.has(schema));
  const common = [...new Set(['public', ...own])];
  const schemas = [...shard.tenants.map(({ schema }) => schema), ...common];
  const shapes = await shapesOf(config, session, schemas);
  return [
    ...shard.tenants.map(({ name, schema }) =>
      subject('tenant', name, shard.name, tenants.get(name), shapes.get(schema) ?? null),
    ),
    subject(
      'shard',
      shard.name,
      shard.name,
      entriesOf(ledger, 'shard').get(''),
      digest(common.map((schema) => shapes.get(schema) ?? null)),
    ),
  ];
}

async function veneerSubject(
  config: Config,
  name: string,
  ledger: readonly LedgerGroup[],
  session: Session,
): Promise<PinnedSubject> {
  const schemas = [...new Set([...schemasShownOn(config, name), 'public'])].toSorted();
  const shapes = await shapesOf(config, session, schemas);
  const shape = digest(schemas.map((schema) => shapes.get(schema) ?? null));
  return subject('veneer', name, name, entriesOf(ledger, 'veneer').get(''), shape);
}

const subject = (
  scope: Scope,
  name: string,
  member: string,
  entries: ReadonlyMap<string, LedgerEntry> | undefined,
  shape: string | null,
): PinnedSubject => {
  const rows = [...(entries?.values() ?? [])].map(({ migration, checksum, state }) =>
    JSON.stringify([migration, checksum, state]),
  );
  return { scope, name, member, ledger: digest(rows.toSorted()), shape };
};

async function shapesOf(
  config: Config,
  session: Session,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await patiently(config, session, () => readShapes(session, schemas, ignoredTables()));
  return new Map(
    rows.flatMap(({ shape, schemas: alike }) =>
      shape === null ? [] : alike.map((schema) => [schema, shape] as const),
    ),
  );
}

async function shownOn(config: Config, veneer: string, session: Session): Promise<PinnedShown[]> {
  const shards = shardsShownOn(config, veneer);
  const servers = shards.map(({ server }) => server.name);
  const all = await patiently(config, session, () => readShownShapes(session, servers));
  return shards.map(({ name, server }) => {
    const own = all
      .filter((one) => one.server === server.name)
      .map(({ schema, exact }) => JSON.stringify([schema, exact]));
    return { veneer, shard: name, definitions: digest(own.toSorted()) };
  });
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
