import type { ExtensionState } from '../catalog/read-extensions.js';
import { partsOf, type TypeRef, type UserType } from '../catalog/type.js';
import { EXIT, VeneerError } from '../errors.js';
import { ident } from '../postgres/identifiers.js';
import type { Definition } from './definition.js';

/** An extension that owns a type in use, and its schema on the shard. */
export interface NeededExtension {
  readonly name: string;
  readonly schema: string;
}

/** The extensions whose types these columns and types use, each once. Pure. */
export function neededExtensions(
  definitions: readonly Definition[],
  types: readonly UserType[],
): NeededExtension[] {
  const refs: readonly TypeRef[] = [
    ...definitions.flatMap(({ columns }) => columns.flatMap(({ userType }) => userType ?? [])),
    ...types.filter(({ extension }) => extension === null).flatMap((type) => partsOf(type)),
  ];
  const needed = new Map<string, NeededExtension>();
  for (const { extension, schema } of refs)
    if (extension !== null) needed.set(extension, { name: extension, schema });
  return [...needed.values()];
}

/** By extension: where a veneer has it, or will have it. */
export const placesOf = (
  states: readonly ExtensionState[],
  created: readonly NeededExtension[],
): ReadonlyMap<string, string> =>
  new Map([
    ...created.map(({ name, schema }) => [name, schema] as const),
    ...states.flatMap(({ name, schema }) => (schema === null ? [] : [[name, schema] as const])),
  ]);

/**
 * The extensions to be made on a veneer, with the schema for each: that of the shard, unless it is a tenant's or the
 * extension has one of its own. Throws (exit 20), with the command to run, where one may not or cannot be made. Pure.
 */
export function missingExtensions(
  member: string,
  needed: readonly NeededExtension[],
  states: readonly ExtensionState[],
  { listed, isTenantSchema }: { listed: readonly string[]; isTenantSchema: (schema: string) => boolean },
): NeededExtension[] {
  const missing = states.filter(({ schema }) => schema === null);
  return missing.map((state) => {
    const shards = needed.find(({ name }) => name === state.name)?.schema ?? 'public';
    const schema = state.fixedSchema ?? (isTenantSchema(shards) ? 'public' : shards);
    refuseUncreatable(member, state, schema, listed);
    return { name: state.name, schema };
  });
}

export const createExtension = ({ name, schema }: NeededExtension): string =>
  `CREATE EXTENSION ${ident(name)} SCHEMA ${ident(schema)}`;

function refuseUncreatable(
  member: string,
  { name, available, creatable }: ExtensionState,
  schema: string,
  listed: readonly string[],
): void {
  const facts = { exitCode: EXIT.failed, where: { member } };
  if (!available) {
    throw new VeneerError(
      `a column has a type of extension ${name}, which ${member}'s server does not have`,
      {
        ...facts,
        hint: `install the extension's package on ${member}'s server, or leave the relation out by expose … except`,
      },
    );
  }
  const command = createExtension({ name, schema });
  if (!listed.includes(name)) {
    throw new VeneerError(`a column has a type of extension ${name}, which ${member} lacks`, {
      ...facts,
      hint: `list ${name} under extensions in shards.yaml, or run on ${member}: ${command}`,
    });
  }
  if (creatable) return;
  throw new VeneerError(
    `a column has a type of extension ${name}, which the runner may not create on ${member}`,
    {
      ...facts,
      hint: `have a superuser run there: ${command}`,
    },
  );
}
