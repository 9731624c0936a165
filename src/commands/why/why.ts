import { readForeignTableHeads } from '../../catalog/relations/read-foreign-tables.js';
import { readRelationNames } from '../../catalog/relations/read-relation-names.js';
import type { Config, ShardConfig } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { inOneGo, inReadOnly } from '../../postgres/transaction.js';
import { readUnionFacts } from '../../protocol/align/union-facts.js';
import type { Drift } from '../../report/drift/drift.js';
import { unionDrift } from '../../report/drift/drift-of-unions.js';
import { foldWhy } from '../../report/why/why-fold.js';
import { typedName } from '../../report/why/why-names.js';
import { meantBy, unknownName, type Meant } from '../../report/why/why-meant.js';
import type { VeneerNames, WhyNames } from '../../report/why/why-targets.js';
import type { WhyReport } from '../../report/why.js';
import type { CommandContext } from '../common/context.js';
import { withReaders, type Readers } from '../common/readers.js';
import { unlessLocked } from '../status/facts.js';
import { readAll } from '../status/read-all.js';
import { detailsOf } from './why-details.js';
import { readWhyShard } from './why-shards.js';
import { readWhyVeneer } from './why-veneers.js';

export interface WhyOptions {
  /** A tenant, or a relation of a shard or a veneer, as typed. */
  readonly name: string;
}

/**
 * Why a veneer shows a relation as it does, or does not: tenant, rule, server, what stands there, and whether it is what the shard is. Takes no
 * lock of the fleet, writes nothing, works before setup too. Throws (exit 64) for a name that nobody knows where everybody was asked.
 */
export async function why(config: Config, { name }: WhyOptions, context: CommandContext): Promise<WhyReport> {
  const typed = typedName(name);
  return withReaders(config, context, async (readers) => {
    const problems = new Map(readers.unreachable);
    const names = await readNames(config, readers, problems);
    const meant = meantBy(config, names, typed);
    if (meant === null && problems.size === 0) throw unknownName(config, names, name);
    const targets = meant?.targets ?? [];
    const { shards, veneers } = await readDetails(config, readers, problems, meant);
    const folded = targets.map((target) => ({
      target,
      details: detailsOf(config, target, shards, veneers),
    }));
    const unions = await readUnions(config, readers, problems, meant);
    return foldWhy({ config, name, meant, unions, folded, problems });
  });
}

async function readNames(
  config: Config,
  { sessionOf }: Readers,
  problems: Map<string, Problem>,
): Promise<WhyNames> {
  const [shards, veneers] = await allDone([
    readAll(config.shards, problems, ({ name }) => {
      const session = sessionOf(name);
      return inOneGo(session, () => readRelationNames(session));
    }),
    readAll(config.veneers, problems, ({ name }) => readVeneerNames(config, sessionOf(name))),
  ]);
  return { shards, veneers };
}

const readVeneerNames = (config: Config, session: Session): Promise<VeneerNames> => {
  const servers = shardsShownOn(config, session.member).map(({ server }) => server.name);
  return inOneGo(session, async () => {
    const [names, heads] = await allDone([
      readRelationNames(session),
      readForeignTableHeads(session, servers),
    ]);
    return { names, heads };
  });
};

type Details = Parameters<typeof detailsOf>[2];

async function readDetails(
  config: Config,
  { sessionOf }: Readers,
  problems: Map<string, Problem>,
  meant: Meant | null,
): Promise<{ readonly shards: Details; readonly veneers: Parameters<typeof detailsOf>[3] }> {
  const targets = meant?.targets ?? [];
  const byShard = groupBy(targets, ({ shard }) => shard.name);
  const asked = (name: string): boolean => !problems.has(name);
  const members: ShardConfig[] = config.shards.filter(({ name }) => byShard.has(name) && asked(name));
  const shards = await readAll(members, problems, (shard) =>
    readWhyShard(shard, byShard.get(shard.name) ?? [], sessionOf(shard.name)),
  );
  const shown = config.veneers.filter(({ name }) => asked(name));
  const veneers = await readAll(shown, problems, ({ name }) => {
    const on = targets.filter((target) => target.veneer === name && target.shard.name !== name);
    return readWhyVeneer(config, on, [...shards.values()], sessionOf(name));
  });
  return { shards, veneers };
}

/** What is wrong with views over all tenants, where one is meant; a lock on one of their branches hides it. */
async function readUnions(
  config: Config,
  { sessionOf }: Readers,
  problems: Map<string, Problem>,
  meant: Meant | null,
): Promise<Drift[]> {
  const named = new Set(
    (meant?.locals ?? []).flatMap(({ what, veneer }) => (what === 'union view' ? [veneer] : [])),
  );
  const veneers = config.veneers.filter(({ name }) => named.has(name) && !problems.has(name));
  const facts = await readAll(veneers, problems, ({ name }) => {
    const session = sessionOf(name);
    return unlessLocked(() => inReadOnly(session, () => readUnionFacts(config, session)));
  });
  return [...facts].flatMap(([veneer, unions]) => unionDrift(veneer, unions ?? []));
}
