import type { ExtensionState } from '../catalog/read-extensions.js';
import { partsOf, type UserType } from '../catalog/types/type.js';
import type { Config } from '../config/config.js';
import { EXIT, VeneerError, type Problem } from '../errors.js';
import { display, ident } from '../postgres/identifiers.js';
import type { Definition } from './exposure/definition.js';

/** An extension whose types a shard has, and its schema there. */
export interface NeededExtension {
  readonly name: string;
  readonly schema: string;
  /** What has a type of it, where that is known. */
  readonly by?: string;
}

/** The extensions whose types these columns and types use, each once. Pure. */
export function neededExtensions(
  definitions: readonly Definition[],
  types: readonly UserType[],
): NeededExtension[] {
  const uses = [
    ...definitions.flatMap(({ remote, columns }) =>
      columns.map(({ name, userType }) => ({ by: `${display(remote)}.${name}`, ref: userType })),
    ),
    ...types
      .filter(({ extension }) => extension === null)
      .flatMap((type) => partsOf(type).map((ref) => ({ by: `type ${display(type)}`, ref }))),
  ];
  const needed = new Map<string, NeededExtension>();
  for (const { by, ref } of uses) {
    if (ref === null || ref.extension === null || needed.has(ref.extension)) continue;
    needed.set(ref.extension, { name: ref.extension, schema: ref.schema, by });
  }
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

/** What shards.yaml says that matters for an extension. */
export interface ExtensionRules {
  /** `extensions`: what may be made on a veneer. */
  readonly listed: readonly string[];
  readonly isTenantSchema: (schema: string) => boolean;
}

export const extensionRules = ({
  extensions,
  shards,
}: Pick<Config, 'extensions' | 'shards'>): ExtensionRules => {
  const schemas = new Set(shards.flatMap(({ tenants }) => tenants.map(({ schema }) => schema)));
  return { listed: extensions, isTenantSchema: (schema) => schemas.has(schema) };
};

/**
 * The extensions to be made on a veneer, with the schema for each. Throws (exit 20), with the command to run, where
 * one may not or cannot be made. Pure.
 */
export function missingExtensions(
  member: string,
  needed: readonly NeededExtension[],
  states: readonly ExtensionState[],
  rules: ExtensionRules,
): NeededExtension[] {
  const missing = states.filter(({ schema }) => schema === null);
  return missing.map((state) => {
    const [refusal] = refusalOf(member, needed, state, rules);
    if (refusal !== undefined) {
      const { message, ...facts } = refusal;
      throw new VeneerError(message, facts);
    }
    return placed(needed, state, rules);
  });
}

/** In the schema of the shard, unless that is a tenant's or the extension has one of its own. */
function placed(
  needed: readonly NeededExtension[],
  { name, fixedSchema }: ExtensionState,
  { isTenantSchema }: ExtensionRules,
): NeededExtension {
  const schema = needed.find((one) => one.name === name)?.schema ?? 'public';
  return { name, schema: fixedSchema ?? (isTenantSchema(schema) ? 'public' : schema) };
}

export const createExtension = ({ name, schema }: NeededExtension): string =>
  `CREATE EXTENSION ${ident(name)} SCHEMA ${ident(schema)}`;

/**
 * Why an extension cannot be made on a veneer that lacks it, with what helps; none where the runner can. The same words
 * before a run and within a step. Pure.
 */
export function refusalOf(
  member: string,
  needed: readonly NeededExtension[],
  state: ExtensionState,
  rules: ExtensionRules,
): Problem[] {
  const { name, schema, available, creatable } = state;
  if (schema !== null) return [];
  const command = createExtension(placed(needed, state, rules));
  const by = needed.find((one) => one.name === name)?.by;
  const refused = (why: string, hint: string): Problem[] => [
    {
      message: `${member} lacks extension ${name}, ${why}`,
      exitCode: EXIT.failed,
      where: { member },
      ...(by === undefined ? {} : { detail: `${by} has a type of it` }),
      hint,
    },
  ];
  if (!available)
    return refused(
      'which its server does not have',
      `install the extension's package on ${member}'s server, or leave what has its types out by expose … except`,
    );
  if (!rules.listed.includes(name))
    return refused(
      'which shards.yaml does not list',
      `list ${name} under extensions in shards.yaml, or run on ${member}: ${command}`,
    );
  return creatable
    ? []
    : refused('which the runner may not create there', `have a superuser run on ${member}: ${command}`);
}
