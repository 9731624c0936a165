import { partsOf, type UserType } from '../../catalog/types/type.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display } from '../../postgres/identifiers.js';
import type { Definition } from './definition.js';

/** From PostgreSQL 14 on there are multiranges. */
const MULTIRANGES = 140_000;

/**
 * Why types cannot be brought to a veneer, by their oids on the shard: they themselves, or what they are made of.
 * `version`: the veneer's server_version_num. Pure.
 */
export function unsupportedTypes(types: readonly UserType[], version: number): ReadonlyMap<string, string> {
  const byOid = new Map(types.map((type) => [type.oid, type]));
  const reasonOf = (type: UserType): string | null =>
    ownReason(type, version) ??
    partsOf(type).reduce<string | null>((reason, { oid }) => {
      const part = byOid.get(oid);
      return reason ?? (part === undefined ? null : reasonOf(part));
    }, null);
  return new Map(
    types.flatMap((type) => {
      const reason = reasonOf(type);
      return reason === null ? [] : [[type.oid, reason] as const];
    }),
  );
}

function ownReason(type: UserType, version: number): string | null {
  if (type.extension !== null) return null;
  switch (type.kind) {
    case 'row type':
      return `${display(type)} is the row type of a relation`;
    case 'base type':
      return `${display(type)} is a base type that no extension owns`;
    case 'range':
      return type.canonical === null
        ? null
        : `range ${display(type)} has a canonical function, ${display(type.canonical)}`;
    case 'multirange':
      return version >= MULTIRANGES
        ? null
        : `${display(type)} is a multirange, which PostgreSQL 13 does not know`;
    default:
      return null;
  }
}

/** A range without the name of its multirange, where a veneer of this version has none. Pure. */
export const knownOn = (types: readonly UserType[], version: number): UserType[] =>
  types.map((type) =>
    type.kind === 'range' && version < MULTIRANGES ? { ...type, multirange: null } : type,
  );

/** Why a relation cannot be shown, one reason per column that has one. Pure. */
export const unsupportedColumns = (
  { columns }: Definition,
  unsupported: ReadonlyMap<string, string>,
): { readonly column: string; readonly reason: string }[] =>
  columns.flatMap(({ name, userType }) => {
    const reason = userType === null ? undefined : unsupported.get(userType.oid);
    return reason === undefined ? [] : [{ column: name, reason }];
  });

/** Throws (exit 20), by name, where a relation has a column of a type that cannot be brought to a veneer. */
export function refuseUnsupported(
  member: string,
  definitions: readonly Definition[],
  unsupported: ReadonlyMap<string, string>,
): void {
  const found = definitions.flatMap((definition) =>
    unsupportedColumns(definition, unsupported).map(({ column, reason }) => ({
      tenant: definition.tenant,
      text: `${display(definition.remote)}.${column}: ${reason}`,
    })),
  );
  const [first] = found;
  if (first === undefined) return;
  throw new VeneerError(`the type of a column cannot be brought to the veneer: ${first.text}`, {
    exitCode: EXIT.failed,
    where: { member, ...(first.tenant === null ? {} : { tenant: first.tenant }) },
    ...(found.length === 1 ? {} : { detail: listed(found.map(({ text }) => text)) }),
    hint: 'use another type, or leave the relation out by expose … except',
  });
}

const listed = (texts: readonly string[]): string =>
  texts.slice(0, 5).join('\n') + (texts.length > 5 ? `\nand ${texts.length - 5} more` : '');
