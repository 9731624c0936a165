import { textOf } from '../errors.js';

/** SQLSTATEs by name: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const SQLSTATE = {
  duplicateObject: '42710',
  duplicateSchema: '42P06',
  duplicateTable: '42P07',
  duplicateFunction: '42723',
  uniqueViolation: '23505',
  checkViolation: '23514',
  wrongObjectType: '42809',
  invalidObjectDefinition: '42P17',
  datatypeMismatch: '42804',
  featureNotSupported: '0A000',
  dependentObjects: '2BP01',
  undefinedTable: '42P01',
  undefinedSchema: '3F000',
  undefinedDatabase: '3D000',
  undefinedObject: '42704',
  undefinedFunction: '42883',
  tooManyColumns: '54011',
  insufficientPrivilege: '42501',
  lockNotAvailable: '55P03',
  objectNotInPrerequisiteState: '55000',
  objectInUse: '55006',
  unsafeNewEnumValue: '55P04',
  deadlockDetected: '40P01',
  queryCanceled: '57014',
  unknownStatement: '26000',
  inFailedTransaction: '25P02',
  invalidParameterValue: '22023',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
  tooManyConnections: '53300',
  outOfMemory: '53200',
  internalError: 'XX000',
} as const;

/** The SQLSTATE of whatever was thrown, or null where PostgreSQL did not speak. */
export function sqlstateOf(error: unknown): string | null {
  const code = fieldOf(error, 'code') ?? fieldOf(fieldOf(error, 'facts'), 'sqlstate');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : null;
}

/** Did PostgreSQL throw it, with one of these SQLSTATEs? */
export const isState = (error: unknown, ...states: readonly string[]): boolean =>
  states.includes(sqlstateOf(error) ?? '');

/** Somebody else had the lock: worth another attempt. */
export const isLockConflict = (error: unknown): boolean =>
  isState(error, SQLSTATE.lockNotAvailable, SQLSTATE.deadlockDetected);

/**
 * Two transactions met in the system catalogs: CREATE SCHEMA, GRANT and the like raise these instead of waiting
 * (`tuple concurrently updated` is XX000, and so is to deparse what another lane has just made anew). Worth another
 * attempt.
 */
export const isCatalogCollision = (error: unknown): boolean =>
  isState(error, SQLSTATE.duplicateObject, SQLSTATE.duplicateSchema) ||
  (isState(error, SQLSTATE.uniqueViolation) && isOnCatalog(error)) ||
  (isState(error, SQLSTATE.internalError) &&
    /tuple concurrently|could not open relation with OID/.test(textOf(error)));

/** The violated unique index is one of the system catalogs. */
function isOnCatalog(error: unknown): boolean {
  const constraint =
    fieldOf(error, 'constraint') ?? fieldOf(fieldOf(fieldOf(error, 'facts'), 'cause'), 'constraint');
  return typeof constraint === 'string' && constraint.startsWith('pg_');
}

/** The session is gone: closed by the server (class 57P, 08) or by the network. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlstateOf(error);
  if (state !== null) return state.startsWith('08') || state.startsWith('57P') || state === '25P03';
  const code = fieldOf(error, 'code');
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return true;
  return /connection (terminated|ended)|not queryable|connection error/i.test(textOf(error));
}

/** A field of an object of unknown type. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
