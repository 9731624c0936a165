import { Secret } from '../../secret.js';
import type { RoleConfig, UserMappingConfig } from '../config.js';
import { checkIdentifier, filled, filledName, ofPlace } from './reading.js';
import type { Reading } from './reading.js';
import type { Place } from './resolve-places.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

/** The roles on the veneer, in the order of the file. */
export function resolveRoles(fleet: Loose<FleetFile>, reading: Reading): readonly RoleConfig[] {
  return reading.keysOf(['roles']).map((name) => {
    const at = ['roles', name];
    if (name === '') reading.refuse(at, 'a role without a name', 'key');
    checkIdentifier(reading, at, 'the name of the role', name);
    const grant = (fleet.roles?.[name]?.grant ?? []).filter((privilege) => privilege !== undefined);
    return { name, grant: [...new Set(grant)] };
  });
}

/** Who each role is on one server of the veneer: a shard's, or that of a tenant's database. */
export function resolveUserMappings(
  fleet: Loose<FleetFile>,
  { names, shown }: Pick<Place, 'names' | 'shown'>,
  reading: Reading,
): readonly UserMappingConfig[] {
  return reading.keysOf(['roles']).map((role) => {
    const written = fleet.roles?.[role];
    const userPath = ['roles', role, 'user'];
    const user = filledName(reading, userPath, ofPlace(reading, userPath, written?.user, names), names) ?? '';
    checkIdentifier(reading, userPath, `the user of ${shown}`, user);
    const at = ['roles', role, 'password'];
    const password = filled(reading, at, ofPlace(reading, at, written?.password, names), names);
    return { role, user, password: password === null ? null : new Secret(password) };
  });
}
