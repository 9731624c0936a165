import type { DoctorCheck } from '../../report/doctor.js';
import { failed, ok, warning } from './outcomes.js';

/** The versions of PostgreSQL that the tests run on (`npm run test:matrix`). */
const [OLDEST, NEWEST] = [13, 18];

/** A member's version, as server_version_num. */
export interface Versioned {
  readonly member: string;
  readonly version: number;
}

/**
 * Is the version one that is tested? `shown`: the shards that the member shows, where it is a veneer. A veneer that is older than one
 * does not know what is new there: a type, a kind of generated column, a NOT NULL that is not valid. Pure.
 */
export function versionCheck({ version }: Versioned, shown: readonly Versioned[]): DoctorCheck {
  const [own, text] = [majorOf(version), versionText(version)];
  if (own < OLDEST)
    return failed(
      'version',
      `PostgreSQL ${text}, and ${OLDEST} is the oldest that is supported`,
      `upgrade the server to PostgreSQL ${OLDEST} to ${NEWEST}`,
    );
  const newer = shown.filter((shard) => majorOf(shard.version) > own);
  const [newest] = newer.toSorted((a, b) => b.version - a.version);
  if (newest !== undefined)
    return warning(
      'version',
      `PostgreSQL ${text}, and ${newest.member} has ${versionText(newest.version)}: what is new in a definition there cannot be shown, and refuses its step`,
      'upgrade the veneer before its shards',
    );
  return own > NEWEST
    ? warning(
        'version',
        `PostgreSQL ${text}, and pg-veneer is tested up to ${NEWEST}`,
        'look for a newer pg-veneer, and try migrations elsewhere first',
      )
    : ok('version', `PostgreSQL ${text}`);
}

const majorOf = (version: number): number => Math.floor(version / 10_000);

/** 180004 is 18.4. */
export const versionText = (version: number): string => `${majorOf(version)}.${version % 10_000}`;
