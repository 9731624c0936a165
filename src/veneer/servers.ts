import type { PresentMapping, PresentServer } from '../catalog/relations/read-servers.js';
import type { Options } from '../catalog/relations/relation.js';
import type { ShardConfig, UserMappingConfig } from '../config/config.js';
import { ident } from '../postgres/identifiers.js';
import {
  alterOptions,
  createOptions,
  maskPasswords,
  optionChanges,
  type OptionChange,
} from './tables/options.js';

/** A statement that may hold a password: `sql` is for the server alone, `shown` for people. */
export interface MaskedStatement {
  readonly sql: string;
  readonly shown: string;
}

/** A statement without a secret. */
export const plain = (sql: string): MaskedStatement => ({ sql, shown: sql });

/** CREATE or ALTER SERVER so that its options are those of shards.yaml, no more and no less. Pure. */
export function serverStatements(
  { server }: ShardConfig,
  present: PresentServer | undefined,
): MaskedStatement[] {
  const changes = optionChanges(present?.options ?? {}, server.options);
  const name = ident(server.name);
  if (present === undefined) {
    return [plain(`CREATE SERVER ${name} FOREIGN DATA WRAPPER postgres_fdw ${createOptions(changes)}`)];
  }
  return changes.length === 0 ? [] : [plain(`ALTER SERVER ${name} ${alterOptions(changes)}`)];
}

/** How a mapping compares with shards.yaml; `not readable` where this user may not know. */
export type MappingState = 'missing' | 'not readable' | 'same' | 'different';

/** Compares user and password, and whatever else the mapping has. */
export function compareMapping(wanted: UserMappingConfig, present: PresentMapping | undefined): MappingState {
  if (present === undefined) return 'missing';
  if (present.options === null) return 'not readable';
  return optionChanges(present.options, mappingOptions(wanted)).length === 0 ? 'same' : 'different';
}

/**
 * CREATE or ALTER USER MAPPING. Options that cannot be read are set again: setting what is there already changes
 * nothing, and a mapping that setup made has both.
 */
export function mappingStatements(
  server: string,
  wanted: UserMappingConfig,
  present: PresentMapping | undefined,
): MaskedStatement[] {
  const target = `USER MAPPING FOR ${ident(wanted.role)} SERVER ${ident(server)}`;
  const options = mappingOptions(wanted);
  const known = present?.options ?? (present === undefined ? {} : assumed(options));
  const changes = optionChanges(known, options);
  if (present !== undefined && changes.length === 0) return [];
  const statement = (list: readonly OptionChange[]): string =>
    present === undefined
      ? `CREATE ${target} ${createOptions(list)}`
      : `ALTER ${target} ${alterOptions(list)}`;
  return [{ sql: statement(changes), shown: statement(maskPasswords(changes)) }];
}

/** Unreadable options are taken to exist with other values, so that each one is SET. */
const assumed = (options: Options): Options =>
  Object.fromEntries(Object.keys(options).map((name) => [name, '']));

const mappingOptions = ({ user, password }: UserMappingConfig): Options => ({
  user,
  ...(password === null ? {} : { password: password.reveal() }),
});
