import type { RolePrivileges } from '../../catalog/read-role-privileges.js';
import type { Occupied } from '../../catalog/relations/read-foreign-tables.js';
import type { PresentMapping, PresentServer } from '../../catalog/relations/read-servers.js';
import type { ForeignTable, ForeignTableHead } from '../../catalog/relations/relation.js';
import { sameName } from '../../postgres/identifiers.js';
import type { ExposedRelation } from '../../veneer/exposure/definition.js';
import { isNamed, type Verdict } from '../../veneer/exposure/exposure.js';
import { compareMapping } from '../../veneer/servers.js';
import { limitsOnce } from '../../veneer/writes.js';
import { mappingDrift, mappingsOf, serverDrift } from '../drift/drift-of-servers.js';
import { tableDrift } from '../drift/drift-of-tables.js';
import { byGrade, type Drift } from '../drift/drift.js';
import type { WhyTarget } from './why-targets.js';
import type { WhyRelation, WhyRole, WhyRule, WhyState, WhyTable } from '../why.js';

/** What was read for one target, besides names. */
export interface WhyDetails {
  /** Null: the shard was not read, or another session locks the relation. Empty: it is not shown. */
  readonly exposed: readonly ExposedRelation[] | null;
  /** By oid on the shard: why a type cannot be brought to the veneer. */
  readonly unsupported: ReadonlyMap<string, string>;
  /** What the shard's users may do there; null where it was not read. */
  readonly there: readonly RolePrivileges[] | null;
  /** Null: the veneer was not read. */
  readonly veneer: VeneerDetails | null;
}

export interface VeneerDetails {
  readonly version: number;
  readonly server: PresentServer | undefined;
  readonly mappings: readonly PresentMapping[];
  /** Those of the target; null: another session locks one of them. */
  readonly tables: readonly ForeignTable[] | null;
  readonly occupied: readonly Occupied[];
  readonly privileges: readonly RolePrivileges[];
  /** Of the types that the relation uses. */
  readonly types: readonly Drift[];
}

/** Why a relation of a shard is, or is not, what a veneer shows. Pure. */
export function foldRelation(target: WhyTarget, details: WhyDetails): WhyRelation {
  const { veneer, shard, exposure, remote, relation, verdict } = target;
  const shown = verdict.kind === 'shown' && !isUnnamed(target) ? verdict.shown : null;
  const table = standing(target);
  const drift = driftOf(target, details);
  return {
    veneer,
    member: shard.name,
    tenant: (shown?.tenant ?? exposure.tenants.get(remote.schema))?.name ?? null,
    server: shard.server.name,
    remote,
    kind: relation?.kind ?? null,
    state: stateOf(target, details, drift),
    shownAs: shown?.name ?? null,
    rule: ruleOf(verdict),
    table: table === null ? null : tableOf(table),
    drift,
    roles: rolesOf(target, table, details),
    writes: writesOf(target, details),
  };
}

/** The rule that decides; null: none does. Pure. */
export const ruleOf = (verdict: Verdict): WhyRule | null =>
  verdict.kind === 'no rule'
    ? null
    : {
        from: verdict.rule.from,
        as: verdict.rule.as,
        line: verdict.rule.line ?? null,
        except: verdict.kind === 'excepted' ? verdict.glob : null,
      };

/** A partition that comes with all that its schema holds is shown by its parent. */
const isUnnamed = ({ relation, exposure }: WhyTarget): boolean =>
  relation?.isPartition === true && !isNamed(exposure, relation);

const isOwn = ({ veneer, shard }: WhyTarget): boolean => veneer === shard.name;

/** What bears the name of the rule, else what shows the relation under another one. */
function standing({ heads, verdict }: WhyTarget): ForeignTableHead | null {
  const named = verdict.kind === 'shown' ? verdict.shown.name : null;
  return heads.find((head) => named !== null && sameName(head, named)) ?? heads[0] ?? null;
}

const tableOf = ({ schema, name, owner, options, parent }: ForeignTableHead): WhyTable => ({
  schema,
  name,
  owner,
  options,
  parent: parent === null ? null : { schema: parent.schema, name: parent.name },
});

function stateOf(target: WhyTarget, { exposed, veneer }: WhyDetails, drift: readonly Drift[]): WhyState {
  if (target.veneer === null) return 'no veneer';
  if (isOwn(target)) return 'own';
  if (exposed === null || veneer === null || veneer.tables === null) return 'not read';
  if (drift.length > 0) return 'differs';
  if (target.verdict.kind !== 'shown') return target.verdict.kind;
  return isUnnamed(target) ? 'partition' : 'in line';
}

function driftOf(target: WhyTarget, { exposed, unsupported, veneer }: WhyDetails): Drift[] {
  if (target.veneer === null || isOwn(target) || veneer === null) return [];
  const { shard, exposure } = target;
  const mappings = mappingsOf(target.veneer, shard, veneer.mappings, []);
  const ways = target.verdict.kind === 'shown' && !isUnnamed(target);
  const tables =
    exposed === null || veneer.tables === null
      ? []
      : tableDrift({
          shard: shard.name,
          veneer: target.veneer,
          version: veneer.version,
          exposure,
          exposed,
          present: veneer.tables,
          occupied: veneer.occupied,
          unsupported,
        });
  return [
    ...tables,
    ...veneer.types,
    ...(ways ? serverDrift(target.veneer, shard, veneer.server) : []),
    ...(ways ? mappings.flatMap((one) => mappingDrift(one, shard.server.name)) : []),
  ].toSorted(byGrade);
}

function rolesOf(
  { shard, remote, relation }: WhyTarget,
  table: ForeignTableHead | null,
  { there, veneer }: WhyDetails,
): WhyRole[] {
  if (veneer === null || table === null) return [];
  return shard.userMappings.map((wanted) => {
    const { role, user } = wanted;
    const present = veneer.mappings.find((one) => one.role === role && one.server === shard.server.name);
    return {
      role,
      privileges:
        veneer.privileges.find((one) => one.role === role && sameName(one, table))?.privileges ?? [],
      user,
      mapping: compareMapping(wanted, present),
      there:
        there === null || relation === null
          ? null
          : (there.find((one) => one.role === user && sameName(one, remote))?.privileges ?? []),
    };
  });
}

function writesOf(target: WhyTarget, { exposed, veneer }: WhyDetails): WhyRelation['writes'] {
  const [one] = exposed ?? [];
  if (one === undefined || veneer === null || isOwn(target)) return [];
  const table = (veneer.tables ?? []).find((present) => sameName(present, one.definition)) ?? null;
  return limitsOnce(veneer.version)(one, table);
}
