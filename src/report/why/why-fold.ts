import type { Config } from '../../config/config.js';
import { EXIT, worst, type ExitCode, type Problem } from '../../errors.js';
import { display } from '../../postgres/identifiers.js';
import type { Drift } from '../drift/drift.js';
import { nextCommand } from '../next-command.js';
import { homesOf, type Meant } from './why-meant.js';
import { foldRelation, type WhyDetails } from './why-relation.js';
import type { WhyTarget } from './why-targets.js';
import type { WhyLocal, WhyRelation, WhyReport } from '../why.js';

/** All that was read about a name. */
export interface WhyFacts {
  readonly config: Config;
  readonly name: string;
  /** Null: nobody who was asked knows it. */
  readonly meant: Meant | null;
  /** Of the views over all tenants that are meant. */
  readonly unions: readonly Drift[];
  readonly folded: readonly { readonly target: WhyTarget; readonly details: WhyDetails }[];
  /** By member: why it could not be read. */
  readonly problems: ReadonlyMap<string, Problem>;
}

/** The answer. Pure. */
export function foldWhy({ config, name, meant, unions, folded, problems }: WhyFacts): WhyReport {
  const relations = folded.map(({ target, details }) => foldRelation(target, details));
  const locals = (meant?.locals ?? []).map((local) => ({
    ...local,
    drift: unions.filter((one) => isAbout(one, local)),
  }));
  const named = meant?.tenant ?? null;
  const tenants = new Set([
    ...(named === null ? [] : [named]),
    ...relations.flatMap(({ tenant }) => tenant ?? []),
  ]);
  const homes = homesOf(config, tenants);
  const concerned = new Set([
    ...config.veneers.map((veneer) => veneer.name),
    ...relations.map(({ member }) => member),
    ...homes.map(({ shard }) => shard.name),
  ]);
  // Of what nobody knows, whoever was not asked may be the one who does.
  const counts = ([member]: readonly [string, Problem]): boolean => meant === null || concerned.has(member);
  const away = [...problems].filter(counts).map(([, problem]) => problem);
  const told = [...away, ...lockedProblems(relations, problems)];
  const exitCode = worst(
    ...told.map((problem) => problem.exitCode),
    [...relations, ...locals].some(({ drift }) => drift.length > 0) ? EXIT.drift : EXIT.clean,
  );
  return {
    command: 'why',
    fleet: config.fleet,
    name,
    meant: meant?.kind ?? 'relation',
    tenants: homes.map(({ tenant, shard }) => ({
      tenant: tenant.name,
      shard: shard.key,
      member: shard.name,
      schema: tenant.schema,
      server: shard.server.name,
    })),
    relations,
    locals,
    problems: told,
    notices: [...problems]
      .filter((one) => !counts(one))
      .map(([member, { message }]) => `${member} was not asked: ${message}`),
    exitCode,
    next: nextOf(
      exitCode,
      told,
      [...relations, ...locals].flatMap(({ drift }) => drift),
    ),
  };
}

/** Does it tell of this view, or of a column of it? */
const isAbout = ({ where, object }: Drift, { veneer, local }: WhyLocal): boolean =>
  where.veneer === veneer && `${object}.`.startsWith(`${display(local)}.`);

/** Where members could be read, and a definition could not. */
function lockedProblems(
  relations: readonly WhyRelation[],
  problems: ReadonlyMap<string, Problem>,
): Problem[] {
  return relations
    .filter(
      ({ state, member, veneer }) =>
        state === 'not read' && !problems.has(member) && !problems.has(veneer ?? ''),
    )
    .map(({ member, veneer, remote }) => ({
      message: `another session locks ${remote.schema}.${remote.name} on ${member}, or what shows it on ${veneer}: it was not compared`,
      exitCode: EXIT.unreachable,
      where: { member },
      hint: 'a run may be at work, or a step in doubt: migrate status; else end the transaction that changes it',
    }));
}

function nextOf(exitCode: ExitCode, problems: readonly Problem[], drift: readonly Drift[]): string | null {
  const cures = drift.map(({ cure }) => cure);
  const otherwise =
    cures.length === 0
      ? null
      : cures.includes('migrate sync')
        ? 'migrate sync'
        : cures.some((cure) => cure.startsWith('migrate sync --prune'))
          ? 'migrate sync --prune --dry-run'
          : 'migrate status';
  return nextCommand({ exitCode, problems, lacksSetup: cures.includes('migrate setup'), otherwise });
}
